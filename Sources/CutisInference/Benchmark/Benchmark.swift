import CutisCore
import CutisImaging
import CutisModels
import CutisTensor
import Foundation

/// Measures the forward pass of a network on random images, alone on one thread with LibTorch's pool.
public struct Benchmark: Sendable {
    /// What is measured.
    public enum Subject: Sendable {
        case bundle(ModelBundle)
        /// Random weights.
        case architecture(BenchmarkArchitecture, imageSize: Int)
    }

    /// What is measured.
    public var subject: Subject
    /// How the network is loaded.
    public var options: LoadOptions
    /// Images of one pass.
    public var batch: Int
    /// Passes that are timed.
    public var runs: Int
    /// Passes before those.
    public var warmUp: Int

    /// Joins what is measured and how.
    public init(_ subject: Subject, options: LoadOptions, batch: Int, runs: Int, warmUp: Int) {
        self.subject = subject
        self.options = options
        self.batch = batch
        self.runs = runs
        self.warmUp = warmUp
    }

    /// Loads the network and times it; takes the calling thread for as long as it lasts.
    ///
    /// - Throws: `CutisError` as `LoadedModel` documents; `.cancelled` where the task was cancelled.
    public func run() throws -> BenchmarkReport {
        let clock = ContinuousClock()
        let start = clock.now
        let network = try prepare()
        let loading = clock.now - start
        return try LoadedModel.translatingErrors {
            try withoutGrad {
                let (height, width) = network.imageSize
                let shape = [batch, network.configuration.channels, height, width]
                let images = try Tensor.randn(shape, generator: Generator(seed: 1)).to(network.dtype).to(network.device)
                for _ in 0..<warmUp { _ = try pass(network, images) }
                var times: [Double] = []
                for _ in 0..<runs {
                    guard !Task.isCancelled else {
                        throw CutisError(.cancelled, "The benchmark was stopped.", remedy: "Start it again.")
                    }
                    let before = clock.now
                    try pass(network, images)
                    times.append((clock.now - before) / .milliseconds(1))
                }
                return BenchmarkReport(
                    name: network.name, imageSize: max(height, width), precision: network.precision, batch: batch,
                    threads: Runtime.threads, parameterCount: network.parameterCount,
                    gigaOperations: network.configuration.gigaOperations(imageSize: (height, width)),
                    loadMilliseconds: loading / .milliseconds(1), milliseconds: times.sorted(),
                    device: "\(network.device)")
            }
        }
    }

    private func pass(_ network: Prepared, _ images: Tensor) throws {
        let answer = try network.forward(images)
        // On a GPU the work is only queued; a benchmark waits for it.
        try Runtime.synchronize(network.device)
        withExtendedLifetime(answer) {}
    }

    /// A pass as the service runs it: on a GPU from a recording.
    private static func forward(
        _ network: ImageNetwork, _ device: Device, _ dtype: DType
    ) -> (Tensor) throws -> Tensor {
        guard case .cuda = device else { return network.logits }
        let graphs = CUDAGraphCache<Bool>()
        return { images in try graphs(true, images, on: device, dtype: dtype, network.logits) }
    }

    /// A network that can be measured.
    private struct Prepared {
        let name: String
        let configuration: ModelConfiguration
        let imageSize: (height: Int, width: Int)
        let precision: Precision
        let parameterCount: Int
        let device: Device
        let dtype: DType
        let forward: (Tensor) throws -> Tensor
    }

    private func prepare() throws -> Prepared {
        switch subject {
        case .bundle(let bundle):
            let model = try LoadedModel(bundle, options: options)
            let manifest = bundle.manifest
            let size = manifest.preprocessing.outputSize
            return Prepared(
                name: manifest.id, configuration: manifest.architecture,
                imageSize: (size?.height ?? 224, size?.width ?? 224), precision: model.precision,
                parameterCount: model.report.parameterCount, device: model.device, dtype: model.dtype,
                forward: Self.forward(model.network, model.device, model.dtype))
        case .architecture(let architecture, let imageSize):
            let configuration = architecture.configuration(imageSize: imageSize)
            try configuration.validate()
            // Any range will do: the time does not depend on the numbers.
            let plan = QuantisationPlan(
                inputs: Dictionary(
                    uniqueKeysWithValues: configuration.quantisableLayers.map { ($0, Quantisation(range: -4...4)) }))
            let loaded = try LoadedModel.network(
                configuration, options: options, plan: plan, imageSize: (imageSize, imageSize)
            ) { dtype, purpose in
                switch purpose {
                case .packed: .random(seed: 1, dtype: dtype, device: .cpu)
                case .plain(let device): .random(seed: 1, dtype: dtype, device: device)
                }
            }
            return Prepared(
                name: architecture.rawValue, configuration: configuration, imageSize: (imageSize, imageSize),
                precision: loaded.precision, parameterCount: loaded.reader.elementCount, device: loaded.device,
                dtype: loaded.dtype, forward: Self.forward(loaded.network, loaded.device, loaded.dtype))
        }
    }
}
