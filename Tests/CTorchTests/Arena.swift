import CTorch
import Foundation

/// The message of the last failure on this thread.
var message: String { String(cString: ct_last_error()) }

/// A status other than CT_OK where a test needs success.
struct Refused: Error {
    let status: CTStatus
    let text: String
}

/// Makes and frees the C tensors of one test.
///
/// A handle that a Swift object owns may be freed as soon as it has been read, in the middle of a call. An arena frees
/// all of them at its end.
final class Arena {
    private var handles: [OpaquePointer] = []

    static func with<R>(_ body: (Arena) throws -> R) rethrows -> R {
        let arena = Arena()
        return try withExtendedLifetime(arena) { try body(arena) }
    }

    deinit {
        for handle in handles { ct_tensor_free(handle) }
    }

    func make(_ call: (UnsafeMutablePointer<OpaquePointer?>) -> CTStatus) throws -> OpaquePointer {
        let handle = try makeTensor(call)
        handles.append(handle)
        return handle
    }

    func zeros(_ shape: [Int], _ dtype: CTDType = CT_FLOAT32) throws -> OpaquePointer {
        try make { ct_zeros(shape, shape.count, dtype, -1, $0) }
    }

    func full(_ shape: [Int], _ value: Double) throws -> OpaquePointer {
        let scalar = CTScalar(is_integer: false, integer: 0, real: value)
        return try make { ct_full(shape, shape.count, scalar, CT_FLOAT32, -1, $0) }
    }

    func integers(_ values: [Int64]) throws -> OpaquePointer {
        try make { out in
            values.withUnsafeBytes {
                guard let base = $0.baseAddress else { return CT_ARGUMENT }
                return ct_tensor_from_bytes(base, $0.count, [values.count], 1, CT_INT64, out)
            }
        }
    }
}

/// A tensor that the caller frees.
func makeTensor(_ call: (UnsafeMutablePointer<OpaquePointer?>) -> CTStatus) throws -> OpaquePointer {
    var out: OpaquePointer?
    let status = call(&out)
    guard status == CT_OK, let out else { throw Refused(status: status, text: message) }
    return out
}

/// The elements of a tensor.
func floats(_ tensor: OpaquePointer) throws -> [Float] {
    var description = CTDescription()
    _ = ct_tensor_describe(tensor, &description)
    var values = [Float](repeating: .nan, count: description.count)
    let status = ct_tensor_read(tensor, CT_FLOAT32, &values, 4 * description.count)
    guard status == CT_OK else { throw Refused(status: status, text: message) }
    return values
}

/// Runs `body` on a thread of its own and waits for it.
func onThread<R: Sendable>(_ body: @escaping @Sendable () -> R) -> R? {
    // Invariant: written before `done` is signalled and read after it, so never at the same time.
    nonisolated(unsafe) var result: R?
    let done = DispatchSemaphore(value: 0)
    Thread {
        result = body()
        done.signal()
    }.start()
    done.wait()
    return result
}
