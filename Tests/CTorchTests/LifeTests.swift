import CTorch
import Foundation
import Testing

/// Counts how often a foreign block was given back.
private final class Releases: @unchecked Sendable {
    // Invariant: `count` is touched only under `lock`.
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
}

private let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
    guard let context else { return }
    Unmanaged<Releases>.fromOpaque(context).takeUnretainedValue().add()
}

/// Handles, metadata, host copies and foreign memory.
@Suite struct LifeTests {
    @Test func versionIsAccepted() {
        #expect(String(cString: ct_version()).hasPrefix("2.1"))
        var text = [CChar](repeating: 1, count: 64)
        #expect(ct_runtime_configuration(&text, 64) == CT_OK)
        #expect(text[63] == 0)
        #expect(ct_runtime_configuration(&text, 0) == CT_ARGUMENT)
    }

    @Test func describes() throws {
        try Arena.with { t in
            let x = try t.zeros([2, 0, 3], CT_BFLOAT16)
            var description = CTDescription()
            #expect(ct_tensor_describe(x, &description) == CT_OK)
            #expect(description.rank == 3 && description.count == 0 && description.dtype == CT_BFLOAT16)
            #expect(description.device == -1 && !description.requires_grad && description.is_leaf)
            var sizes = [9, 9, 9]
            #expect(ct_tensor_sizes(x, &sizes, 3) == CT_OK)
            #expect(sizes == [2, 0, 3])
        }
    }

    @Test func freeingNothingIsAllowed() {
        ct_tensor_free(nil)
        ct_generator_free(nil)
        ct_grad_scope_leave(nil)
    }

    @Test func bytesMustFitExactly() throws {
        let bytes: [UInt8] = [0, 0, 128, 63]
        var out: OpaquePointer?
        #expect(ct_tensor_from_bytes(bytes, 3, [1], 1, CT_FLOAT32, &out) == CT_ARGUMENT)
        #expect(ct_tensor_from_bytes(bytes, 4, [2], 1, CT_FLOAT32, &out) == CT_ARGUMENT)
        #expect(ct_tensor_from_bytes(bytes, 4, [.max, .max], 2, CT_FLOAT32, &out) == CT_SHAPE)
        #expect(out == nil)
        try Arena.with { t in
            let one = try t.make { ct_tensor_from_bytes(bytes, 4, [1], 1, CT_FLOAT32, $0) }
            #expect(try floats(one) == [1])
            var short: Int32 = 0
            #expect(ct_tensor_read(one, CT_FLOAT32, &short, 3) == CT_ARGUMENT)
        }
    }

    @Test func foreignBlockIsReleasedOnceAfterTheLastUser() throws {
        let releases = Releases()
        let context = Unmanaged.passUnretained(releases).toOpaque()
        defer { withExtendedLifetime(releases) {} }
        let block = UnsafeMutablePointer<Float>.allocate(capacity: 4)
        defer { block.deallocate() }
        block.initialize(repeating: 2, count: 4)
        let blob = try makeTensor {
            ct_tensor_from_blob(block, 16, [2, 2], 2, CT_FLOAT32, release, context, $0)
        }
        let row = try makeTensor { ct_select(blob, 0, 1, $0) }
        ct_tensor_free(blob)
        #expect(releases.value == 0)
        #expect(try floats(row) == [2, 2])
        ct_tensor_free(row)
        #expect(releases.value == 1)
    }

    @Test func failedBlobReleasesNothing() {
        let releases = Releases()
        let context = Unmanaged.passUnretained(releases).toOpaque()
        let block: [Float] = [1, 2]
        block.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var out: OpaquePointer?
            #expect(ct_tensor_from_blob(base, 8, [3], 1, CT_FLOAT32, release, context, &out) == CT_ARGUMENT)
            #expect(ct_tensor_from_blob(base + 1, 4, [1], 1, CT_FLOAT32, release, context, &out) == CT_ARGUMENT)
            #expect(ct_tensor_from_blob(base, 8, [-2], 1, CT_FLOAT32, release, context, &out) == CT_SHAPE)
            #expect(ct_tensor_from_blob(base, 8, [2], 1, CTDType(rawValue: 99), release, context, &out) == CT_TYPE)
            #expect(out == nil)
        }
        #expect(releases.value == 0)
    }

    @Test func gradScopesNest() {
        let modes = onThread { () -> [Bool] in
            var (off, on): (OpaquePointer?, OpaquePointer?)
            var seen = [ct_grad_enabled()]
            _ = ct_grad_scope_enter(CT_GRAD_INFERENCE, &off)
            seen.append(ct_grad_enabled())
            _ = ct_grad_scope_enter(CT_GRAD_ON, &on)
            seen.append(ct_grad_enabled())
            ct_grad_scope_leave(on)
            seen.append(ct_grad_enabled())
            ct_grad_scope_leave(off)
            return seen + [ct_grad_enabled()]
        }
        #expect(modes == [true, false, true, false, true])
        var scope: OpaquePointer?
        #expect(ct_grad_scope_enter(CTGradMode(rawValue: 9), &scope) == CT_ARGUMENT)
        #expect(scope == nil)
    }

    @Test func failedCallsKeepNothing() throws {
        let releases = Releases()
        let context = Unmanaged.passUnretained(releases).toOpaque()
        defer { withExtendedLifetime(releases) {} }
        let block = UnsafeMutablePointer<Float>.allocate(capacity: 4)
        defer { block.deallocate() }
        block.initialize(repeating: 2, count: 4)
        let x = try makeTensor { ct_tensor_from_blob(block, 16, [4], 1, CT_FLOAT32, release, context, $0) }
        try Arena.with { t in
            let three = try t.zeros([3])
            var (first, second): (OpaquePointer?, OpaquePointer?)
            #expect(ct_matmul(x, three, &first) == CT_SHAPE)
            #expect(ct_cat([x, three, x], 3, 7, &first) == CT_INDEX)
            #expect(ct_topk(x, 9, 0, true, &first, &second) != CT_OK)
            #expect(ct_grad(x, nil, [x], 1, false, false, true, &first) == CT_GRADIENT)
            #expect(first == nil && second == nil)
        }
        ct_tensor_free(x)
        #expect(releases.value == 1)
    }
}
