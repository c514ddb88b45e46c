import CTorch

/// CPU memory that is kept between forward passes: after the first pass none asks the system for any.
///
/// Tensors made inside `use` lie in the arena, oneDNN's own scratch included; they may be kept and may outlive it.
public final class Arena {
    private let handle: OpaquePointer

    /// How an arena was used so far.
    public struct Use: Sendable, Hashable {
        /// Requests that were answered.
        public let requests: Int
        /// Requests for which the system was asked for memory; stands still in the steady state.
        public let misses: Int
        /// Bytes that the arena has.
        public let bytes: Int
    }

    /// Makes an arena without memory.
    public init() throws(TensorError) {
        var handle: OpaquePointer?
        try check("Arena", []) { ct_arena_create(&handle) }
        guard let handle else { throw TensorError(.memory, "Arena", operands: [], message: "no arena was made") }
        self.handle = handle
    }

    deinit { ct_arena_free(handle) }

    /// Runs `body`, whose tensors lie in the arena, on this thread.
    public func use<Result>(_ body: () throws -> Result) throws -> Result {
        var previous: OpaquePointer?
        try check("Arena.use", []) { ct_arena_enter(handle, &previous) }
        defer {
            var own: OpaquePointer?
            _ = ct_arena_enter(previous, &own)
        }
        return try body()
    }

    /// How it was used so far.
    public var statistics: Use {
        var use = CTArenaUse()
        _ = withExtendedLifetime(self) { ct_arena_use(handle, &use) }
        return Use(requests: Int(use.requests), misses: Int(use.misses), bytes: Int(use.bytes))
    }
}
