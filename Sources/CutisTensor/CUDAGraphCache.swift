/// Recorded passes by purpose and shape: a shape that comes for the second time is recorded, and repeated from then on.
///
/// A pass that cannot be recorded runs operation by operation as before. The shape that was not used for longest makes
/// room for a new one, since each graph keeps the memory of a whole pass.
public final class CUDAGraphCache<Purpose: Equatable> {
    private struct Key: Equatable {
        let purpose: Purpose
        let shape: [Int]
    }

    private enum State {
        case seen
        case recorded(CUDAGraph)
        case refused
    }

    /// From the shape that was not used for longest to the last one.
    private var entries: [(key: Key, state: State)] = []
    private let limit: Int
    /// Why the last pass that could not be recorded was refused; nil while all could.
    public private(set) var refusal: (any Error)?

    /// - Parameter limit: how many shapes are kept, 1 or more.
    public init(limit: Int = 4) { self.limit = max(limit, 1) }

    /// How many graphs are kept.
    public var recordedCount: Int {
        entries.reduce(0) { count, entry in if case .recorded = entry.state { count + 1 } else { count } }
    }

    /// The result of `body` for `x`, from a graph where there is one.
    ///
    /// - Parameters:
    ///   - x: on the CPU or the device.
    ///   - device: where `body` computes.
    ///   - dtype: the type in which `body` takes its input.
    ///   - body: as `CUDAGraph` wants it, always the same for a purpose.
    public func callAsFunction(
        _ purpose: Purpose, _ x: Tensor, on device: Device, dtype: DType, _ body: (Tensor) throws -> Tensor
    ) throws -> Tensor {
        let key = Key(purpose: purpose, shape: x.shape)
        let state = entries.firstIndex { $0.key == key }.map { entries.remove(at: $0).state }
        if case .recorded(let graph) = state {
            entries.append((key, .recorded(graph)))
            return try graph.replay(x)
        }
        let input = try x.toWithoutWaiting(device).to(dtype)
        var next = state ?? (CUDAGraph.isBuilt ? .seen : .refused)
        if case .seen = state {
            do {
                // The graph overwrites its input, which must not be the caller's own tensor.
                let graph = try CUDAGraph(input: input.clone(), body)
                let result = try graph.replay(input)
                keep(key, .recorded(graph))
                return result
            } catch {
                refusal = error
                next = .refused
            }
        }
        let result = try body(input)
        keep(key, next)
        return result
    }

    private func keep(_ key: Key, _ state: State) {
        entries.append((key, state))
        if entries.count > limit { entries.removeFirst() }
    }
}
