import CutisTensor
import Foundation
import Testing

/// Owns a block and tells how often it was released.
private final class Block: @unchecked Sendable {
    // Invariant: the address never changes and the elements are never written after `init`.
    let address: UnsafeMutablePointer<Float>
    let counter: Counter

    init(_ values: [Float], _ counter: Counter) {
        address = .allocate(capacity: values.count)
        address.initialize(from: values, count: values.count)
        self.counter = counter
    }

    deinit {
        address.deallocate()
        counter.add()
    }
}

private final class Counter: @unchecked Sendable {
    // Invariant: `count` is touched only under `lock`.
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
}

/// Tensors over memory that somebody else owns.
@Suite struct MappedTests {
    private let counter = Counter()

    private func map(_ values: [Float], shape: [Int], byteCount: Int? = nil) throws -> Tensor {
        let block = Block(values, counter)
        return try Tensor.mapped(
            UnsafeRawPointer(block.address), byteCount: byteCount, shape: shape, dtype: .float32, owner: block)
    }

    @Test func ownerIsReleasedOnceAfterTheLastUser() throws {
        try {
            let row = try map([1, 2, 3, 4], shape: [2, 2])[1]
            #expect(counter.value == 0)
            #expect(try row.floats() == [3, 4])
            let result = try row * 2
            #expect(try result.floats() == [6, 8])
        }()
        #expect(counter.value == 1)
    }

    @Test func copiesDoNotKeepTheOwner() throws {
        let copy = try map([1, 2], shape: [2]).clone()
        #expect(counter.value == 1)
        #expect(try copy.floats() == [1, 2])
    }

    @Test func recordedGraphKeepsTheOwner() throws {
        let x = try Tensor([3.0]).settingRequiresGrad(true)
        try {
            let product = try x * map([5], shape: [1])
            #expect(counter.value == 0)
            #expect(try Tensor.gradients(of: product, withRespectTo: [x])[0].item() == 5)
        }()
        #expect(counter.value == 1)
    }

    @Test func refusedMappingReleasesTheOwnerToo() throws {
        #expect(throws: TensorError.self) { try map([1, 2], shape: [3], byteCount: 8) }
        #expect(counter.value == 1)
        #expect(throws: TensorError.self) { try map([1, 2], shape: [-1]) }
        #expect(throws: TensorError.self) { try map([1, 2], shape: [.max, .max], byteCount: 8) }
        #expect(counter.value == 3)
        let block = Block([1, 2], counter)
        #expect(throws: TensorError.self) {
            try Tensor.mapped(UnsafeRawPointer(block.address) + 2, shape: [1], dtype: .float32, owner: block)
        }
        #expect(counter.value == 3)
        withExtendedLifetime(block) {}
    }

    @Test func manyThreadsMapAndRelease() async throws {
        try await withThrowingTaskGroup(of: Float.self) { group in
            for n in 0..<100 {
                group.addTask { try map([Float(n), 1], shape: [2]).sum().floats()[0] }
            }
            var total: Float = 0
            for try await value in group { total += value }
            #expect(total == 5050)
        }
        #expect(counter.value == 100)
    }

    @Test func nothingIsCopied() throws {
        let block = Block([1, 2, 3], counter)
        let x = try Tensor.mapped(UnsafeRawPointer(block.address), shape: [3], dtype: .float32, owner: block)
        let address = try x.withUnsafeBytes { bytes in bytes.baseAddress }
        #expect(address == UnsafeRawPointer(block.address))
    }
}
