import CTorch

/// The compute library as a whole: version, devices, threads.
public enum Runtime {
    /// The LibTorch version that this program was built with, such as `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// LibTorch's own description of its build: compiler, libraries, processor features.
    public static var configuration: String {
        // Longer than any description seen (3 KB); the shim cuts off what does not fit.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let base = buffer.baseAddress, ct_runtime_configuration(base, buffer.count) == CT_OK else {
                return ""
            }
            return String(cString: base)
        }
    }

    /// Call once at start-up: throws where the loaded LibTorch is another version than the program was built for, or
    /// was built with CUDA while its CUDA library is missing from the process.
    public static func check() throws(TensorError) {
        try CutisTensor.check("Runtime.check", []) { ct_runtime_check() }
    }

    /// Threads that one operation called from this thread may use (1 … 4096).
    ///
    /// Set it at the start of a thread: threads that have used the library keep their number.
    public static var threads: Int {
        get { ct_runtime_threads() }
        set { _ = ct_runtime_set_threads(min(max(newValue, 1), 4096)) }
    }

    /// Whether a CUDA device can be used.
    public static var isCUDAAvailable: Bool { cudaDeviceCount > 0 }
    /// Number of usable CUDA devices.
    public static var cudaDeviceCount: Int { ct_runtime_cuda_count() }
    /// Whether the loaded LibTorch was built with CUDA.
    public static var isBuiltWithCUDA: Bool { ct_runtime_cuda_built() }

    /// Waits until all work queued on a device is done, and throws errors that it met.
    public static func synchronize(_ device: Device) throws(TensorError) {
        try CutisTensor.check("Runtime.synchronize", []) { ct_runtime_synchronize(device.code) }
    }

    /// Bytes on one CUDA device.
    public struct Memory: Sendable, Hashable {
        /// In use by tensors.
        public let allocated: Int
        /// Highest value of `allocated` so far.
        public let peak: Int
        /// Taken from the device, in use or kept for later.
        public let reserved: Int
        /// Free on the device, for any process.
        public let free: Int
        /// Size of the device's memory.
        public let total: Int
    }

    /// Memory figures of a CUDA device; throws `device` for the CPU, which is not counted.
    public static func memory(_ device: Device) throws(TensorError) -> Memory {
        var memory = CTMemory()
        try CutisTensor.check("Runtime.memory", []) { ct_runtime_memory(device.code, &memory) }
        return Memory(
            allocated: Int(memory.allocated), peak: Int(memory.peak), reserved: Int(memory.reserved),
            free: Int(memory.free), total: Int(memory.total))
    }

    /// Gives unused cached memory back to the CUDA devices.
    public static func emptyCache() throws(TensorError) {
        try CutisTensor.check("Runtime.emptyCache", []) { ct_runtime_empty_cache() }
    }

    /// Gives host memory that was freed, and that the allocator keeps for later, back to the system.
    public static func releaseUnusedMemory() { ct_runtime_release_unused_memory() }

    /// Prefers reproducible algorithms for the whole process; operations that have none then throw.
    public static func setDeterministic(_ on: Bool) throws(TensorError) {
        try CutisTensor.check("Runtime.setDeterministic", []) { ct_runtime_set_deterministic(on) }
    }

    /// Lets CUDA round float32 operands of products and convolutions to TF32, for the whole process.
    public static func setTF32(_ on: Bool) throws(TensorError) {
        try CutisTensor.check("Runtime.setTF32", []) { ct_runtime_set_tf32(on) }
    }

    /// Seeds the process-wide default generators. Prefer a `Generator`, which no other thread disturbs.
    public static func seed(_ seed: UInt64) throws(TensorError) {
        try CutisTensor.check("Runtime.seed", []) { ct_runtime_seed(seed) }
    }
}
