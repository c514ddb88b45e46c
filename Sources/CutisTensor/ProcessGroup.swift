import CTorch

/// Why the processes of a run could not work together, as data.
public struct ProcessGroupError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// This build has no collectives for the device.
        case unsupported
        /// The ranks run different LibTorches, or this build's headers do not fit its own.
        case version
        /// An argument is invalid on its own.
        case argument
        /// Another process ended, or the connection to it broke.
        case lostRank
        /// Another process did not come or did not answer in time.
        case timeout
        /// Anything else, such as a port that is taken.
        case failed
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, on which rank, in which operation.
    public let message: String

    /// The message.
    public var description: String { message }

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// The processes of one run, connected: Gloo between CPUs, NCCL between GPUs, both LibTorch's own (c10d).
///
/// All ranks make the same calls in the same order, with tensors of the same shapes and types, each from one thread at
/// a time. A rank that is lost or silent makes every call throw within the time limit, never wait for ever; after that
/// the group is of no use, and the run starts again from its last checkpoint.
public final class ProcessGroup {
    /// This process, 0 ..< `worldSize`.
    public let rank: Int
    /// Number of processes.
    public let worldSize: Int
    /// Where the tensors are that the group works on.
    public let device: Device
    private let handle: OpaquePointer

    /// Bytes that travel as one piece where nothing else is asked for, as PyTorch's DistributedDataParallel.
    public static let defaultBucketBytes = 25 << 20

    /// Whether this build can connect processes that compute on the device.
    public static func isBuilt(for device: Device) -> Bool {
        device == .cpu ? ct_collectives_gloo_built() : ct_collectives_nccl_built()
    }

    /// Whether the headers that this program was built with fit its LibTorch; done once, before the first group.
    ///
    /// - Throws: `.version` where they do not; `.unsupported` where this build has no Gloo.
    public static func check() throws(ProcessGroupError) {
        try call { ct_collectives_check() }
    }

    /// Joins the group, and waits until all have joined.
    ///
    /// - Parameters:
    ///   - rank: this process; 0 listens, the others connect to it.
    ///   - address: name or number of the machine of rank 0.
    ///   - port: 1 … 65535, free on that machine.
    ///   - timeout: how long to wait for the others, here and in each later call; at least 1 ms.
    ///   - device: the CPU, or this rank's GPU.
    /// - Throws: `.timeout` naming the ranks that did not come.
    public init(
        rank: Int, worldSize: Int, address: String, port: Int, timeout: Duration = .seconds(300), device: Device = .cpu
    ) throws(ProcessGroupError) {
        var group: OpaquePointer?
        let milliseconds = Int(min(max(timeout / .milliseconds(1), 0), 1e12))
        try Self.call {
            ct_process_group_create(rank, worldSize, address, port, milliseconds, device.code, &group)
        }
        guard let group else { throw ProcessGroupError(.failed, "the group could not be made") }
        handle = group
        self.rank = rank
        self.worldSize = worldSize
        self.device = device
    }

    deinit { ct_process_group_free(handle) }

    /// Replaces each tensor by its sum over all ranks, in place; all ranks get the same bits.
    ///
    /// Neighbours of one type travel together, up to `bucketBytes` at a time.
    public func sum(_ tensors: [Tensor], bucketBytes: Int = defaultBucketBytes) throws(ProcessGroupError) {
        try each(tensors) { ct_all_reduce_sum_(handle, $0, tensors.count, bucketBytes) }
    }

    /// Replaces each tensor by that of rank `root`, in place.
    public func broadcast(
        _ tensors: [Tensor], from root: Int = 0, bucketBytes: Int = defaultBucketBytes
    ) throws(ProcessGroupError) {
        try each(tensors) { ct_broadcast_(handle, $0, tensors.count, root, bucketBytes) }
    }

    /// Waits until every rank is here.
    public func barrier() throws(ProcessGroupError) {
        try Self.call { ct_barrier(handle) }
    }

    /// The bytes that each rank gave (at most 16 MiB each), in the order of the ranks; every rank gets all.
    public func gather(_ bytes: [UInt8]) throws(ProcessGroupError) -> [[UInt8]] {
        var lengths = [Int](repeating: 0, count: worldSize)
        var out: OpaquePointer?
        try Self.call { ct_all_gather_bytes(handle, bytes, bytes.count, &lengths, &out) }
        guard let out else { throw ProcessGroupError(.failed, "the gathered bytes are missing") }
        let rows = Tensor(adopting: out)
        let width = lengths.max() ?? 0
        do {
            let all = try rows.uint8s()
            return lengths.enumerated().map { Array(all[$0 * width..<$0 * width + $1]) }
        } catch {
            throw ProcessGroupError(.failed, "the gathered bytes cannot be read: \(error)")
        }
    }

    private func each(
        _ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer>) -> CTStatus
    ) throws(ProcessGroupError) {
        let handles = tensors.map(\.handle)
        try withExtendedLifetime(tensors) { () throws(ProcessGroupError) in
            try Self.call { body(handles) }
        }
    }

    private static func call(_ body: () -> CTStatus) throws(ProcessGroupError) {
        let status = body()
        guard status != CT_OK else { return }
        let code: ProcessGroupError.Code =
            switch status {
            case CT_UNSUPPORTED: .unsupported
            case CT_VERSION: .version
            case CT_ARGUMENT: .argument
            case CT_LOST_RANK: .lostRank
            case CT_TIMEOUT: .timeout
            default: .failed
            }
        throw ProcessGroupError(code, String(cString: ct_last_error()))
    }
}
