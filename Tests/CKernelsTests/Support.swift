import CKernels
import Dispatch
import Testing

/// All tests of the kernels.
@Suite struct KernelTests {
    /// The levels that this CPU can run.
    static let levels = (0...ck_supported().rawValue).map { CKInstructions($0) }
    static let types = [CK_FLOAT32, CK_BFLOAT16]
}

enum Runners {
    static let serial = CKRunner(
        run: { count, task, context in
            for index in 0..<count { task(context, index, 0) }
        }, workers: 1)

    /// Three threads, each with every third task.
    static let parallel = CKRunner(
        run: { count, task, context in
            nonisolated(unsafe) let context = context
            DispatchQueue.concurrentPerform(iterations: 3) { worker in
                for index in stride(from: Int64(worker), to: count, by: 3) { task(context, index, Int64(worker)) }
            }
        }, workers: 3)
}

/// Repeatable numbers.
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    /// Evenly spread over −1..<1, then scaled.
    mutating func next(_ scale: Float = 1) -> Float {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return (Float(state >> 40) / Float(1 << 23) - 1) * scale
    }
}

enum BFloat16 {
    static func narrow(_ x: Float) -> UInt16 {
        if x.isNaN { return 0x7fc0 }
        let bits = x.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
    }
    static func widen(_ x: UInt16) -> Float { Float(bitPattern: UInt32(x) << 16) }
}

/// Numbers of one type in memory that begins and ends with guards: NaNs, so that a kernel that reads one shows it.
final class Buffer {
    let count: Int
    let type: CKType
    private let size: Int
    private let memory: UnsafeMutableRawPointer
    private static let guardBytes = 256

    init(_ count: Int, _ type: CKType) {
        self.count = count
        self.type = type
        size = type == CK_FLOAT32 ? 4 : type == CK_BFLOAT16 ? 2 : 1
        let bytes = count * size + 2 * Self.guardBytes
        memory = .allocate(byteCount: bytes, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: bytes)
    }
    convenience init(_ values: [Float], _ type: CKType) {
        self.init(values.count, type)
        for (i, value) in values.enumerated() { self[i] = value }
    }
    deinit { memory.deallocate() }

    var start: UnsafeMutableRawPointer { memory + Self.guardBytes }
    func pointer(_ index: Int) -> UnsafeMutableRawPointer { start + index * size }
    var floats: UnsafeMutablePointer<Float> { start.assumingMemoryBound(to: Float.self) }

    subscript(index: Int) -> Float {
        get {
            switch type {
            case CK_FLOAT32: pointer(index).load(as: Float.self)
            case CK_BFLOAT16: BFloat16.widen(pointer(index).load(as: UInt16.self))
            default: Float(pointer(index).load(as: UInt8.self))
            }
        }
        set {
            switch type {
            case CK_FLOAT32: pointer(index).storeBytes(of: newValue, as: Float.self)
            case CK_BFLOAT16: pointer(index).storeBytes(of: BFloat16.narrow(newValue), as: UInt16.self)
            default: pointer(index).storeBytes(of: UInt8(newValue), as: UInt8.self)
            }
        }
    }
    var values: [Float] { (0..<count).map { self[$0] } }

    /// Whether nothing wrote beyond the numbers.
    var isIntact: Bool {
        let tail = start + count * size
        return (0..<Self.guardBytes).allSatisfy {
            memory.load(fromByteOffset: $0, as: UInt8.self) == 0xff
                && tail.load(fromByteOffset: $0, as: UInt8.self) == 0xff
        }
    }
}

/// clamp(round(x · inverseScale) + zero, 0, 255).
func quantised(_ x: Double, _ inverseScale: Double, _ zero: Double) -> Double {
    min(255, max(0, (x * inverseScale).rounded(.toNearestOrEven) + zero))
}
