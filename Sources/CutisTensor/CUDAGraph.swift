import CTorch

/// A forward pass of one shape that a GPU repeats from a recording, without the host naming each operation again.
///
/// Belongs to the thread that made it. It keeps its input, its result and its scratch on the device.
public final class CUDAGraph {
    private let handle: OpaquePointer

    /// Whether this build can record graphs; a GPU is needed besides.
    public static var isBuilt: Bool { ct_cuda_graph_built() }

    /// Runs `body` a few times on a stream of its own, then records it, without gradients.
    ///
    /// - Parameters:
    ///   - input: on a CUDA device; replays overwrite its elements.
    ///   - warmUps: 1 … 100; libraries choose their kernels in them.
    ///   - body: computes from `input` and from tensors that stay alive and at their place (weights). It must not
    ///     read from the device, wait for it, or make tensors from host values.
    /// - Throws: what `body` throws; `TensorError` with `unsupported` where this build or LibTorch has no CUDA graphs,
    ///   `device` where `input` is not on a CUDA device or the pass cannot be recorded. The pass still runs unrecorded.
    public init(input: Tensor, warmUps: Int = 3, _ body: (Tensor) throws -> Tensor) throws {
        handle = try withoutActuallyEscaping(body) { body in
            var recording = Recording(input: input, body: body)
            do throws(TensorError) {
                return try withUnsafeMutablePointer(to: &recording) { pointer throws(TensorError) in
                    try produceHandle("CUDAGraph", [input]) {
                        ct_cuda_graph_capture(input.handle, warmUps, Recording.compute, pointer, $0)
                    }
                }
            } catch {
                throw recording.failure ?? error
            }
        }
    }

    deinit { ct_cuda_graph_free(handle) }

    /// The result for another input of the same shape, as a new tensor that later replays leave alone.
    ///
    /// - Parameter x: of any floating-point type and on any device; page-locked memory is copied without waiting, and
    ///   its elements must not change before the result has been read.
    public func replay(_ x: Tensor) throws(TensorError) -> Tensor {
        try produce("CUDAGraph.replay", [x]) { ct_cuda_graph_replay(handle, x.handle, $0) }
    }
}

/// What the shim calls back into, and the Swift error that it cannot carry.
private struct Recording {
    let input: Tensor
    let body: (Tensor) throws -> Tensor
    var failure: (any Error)?

    static let compute: CTGraphBody = { context, out in
        guard let recording = context?.assumingMemoryBound(to: Recording.self) else { return CT_ARGUMENT }
        do {
            let result = try recording.pointee.body(recording.pointee.input)
            // A second handle of the same memory: the Swift tensor ends its own.
            return withExtendedLifetime(result) { ct_detach(result.handle, out) }
        } catch {
            recording.pointee.failure = error
            return CT_COMPUTE
        }
    }
}
