import CutisCore
import CutisFormats
import CutisImaging
import CutisModels
import CutisTensor
import Foundation

/// A model in memory, ready to answer. It belongs to one thread (`ModelHost` keeps it on its own).
public final class LoadedModel {
    /// How much was loaded.
    public struct Report: Sendable {
        /// How many tensors were loaded, head included.
        public let tensorCount: Int
        /// How many numbers they hold.
        public let parameterCount: Int
    }

    /// The bundle that the model comes from.
    public let bundle: ModelBundle
    /// How much was loaded.
    public let report: Report
    let network: ImageNetwork
    private let head: (any MILHead)?
    private let device: Device
    private let dtype: DType

    /// Builds the network from the bundle's weights, after (and beside) comparing its files with their SHA-256.
    ///
    /// - Throws: `CutisError`: `.bundleInvalid`, `.bundleHashMismatch`, `.checkpointCorrupt`, `.checkpointMismatch`,
    ///   `.weightsNotFinite`, `.labelsMismatch`, `.deviceUnavailable`, `.outOfMemory`.
    public init(_ bundle: ModelBundle, options: LoadOptions = LoadOptions()) throws {
        self.bundle = bundle
        // Hashing reads every byte once on another core while the network is built.
        let check = options.checksFiles ? BackgroundCheck { () throws(CutisError) in try bundle.checkFiles() } : nil
        let outcome = Result { try Self.build(bundle, options: options) }
        // A damaged file explains a failed build better than the failure itself.
        try check?.wait()
        let parts = try outcome.get()
        (network, head, device, dtype, report) = (parts.network, parts.head, parts.device, parts.dtype, parts.report)
    }

    private struct Parts {
        let network: ImageNetwork
        let head: (any MILHead)?
        let device: Device
        let dtype: DType
        let report: Report
    }

    private static func build(_ bundle: ModelBundle, options: LoadOptions) throws -> Parts {
        let manifest = bundle.manifest
        try translatingErrors { try Runtime.check() }
        let device = try options.resolvedDevice()
        if let threads = options.threads { Runtime.threads = threads }
        let weightType: DType =
            switch options.precision {
            case .fp32: .float32
            case .fp16: .float16
            case .bf16: .bfloat16
            }
        // LibTorch computes fp16 on a CPU many times slower than fp32; layers widen stored fp16 weights as they go.
        let computeType: DType = weightType == .float16 && device == .cpu ? .float32 : weightType
        return try translatingErrors {
            try withoutGrad {
                let archive = try TensorArchives.open(bundle.file(BundleLayout.weights))
                guard let layout = KeyLayout.named(manifest.keyLayout) else {
                    throw CutisError(
                        .bundleInvalid, "The bundle \(manifest.id) names its weights by \"\(manifest.keyLayout)\".",
                        remedy: "This build knows \(KeyLayout.all.map(\.id).joined(separator: ", ")); import it again.")
                }
                let reader = WeightReader(archive: archive, layout: layout, dtype: weightType, device: device)
                let network = try ImageNetwork(manifest.architecture, reader)
                var loaded = try reader.finish().loaded.count
                var numbers = (reader.parameters + reader.buffers).reduce(0) { $0 + $1.tensor.count }
                var head: (any MILHead)?
                if let configuration = manifest.head {
                    let opened = try MILHeads.open(
                        configuration, weights: bundle.file(BundleLayout.headWeights),
                        graph: configuration.hasGraph ? bundle.file(BundleLayout.headGraph) : nil, device: device)
                    head = opened.head
                    loaded += opened.report.loaded.count
                    numbers += opened.parameterCount
                }
                let outputs = head?.outputCount ?? manifest.architecture.classCount
                if manifest.task != .embedding, let outputs, outputs != manifest.labels.count {
                    throw CutisError(
                        .labelsMismatch,
                        "The bundle \(manifest.id) has \(manifest.labels.count) labels and its head gives \(outputs) numbers.",
                        remedy: "Import the model again with the labels that belong to it (--labels).")
                }
                return Parts(
                    network: network, head: head, device: device, dtype: computeType,
                    report: Report(tensorCount: loaded, parameterCount: numbers))
            }
        }
    }

    /// The probability of each class for each image.
    func probabilities(_ images: [ImageTensor]) throws -> [[Double]] {
        let manifest = bundle.manifest
        let logits = try network.logits(batch(images)).to(.float32)
        let scaled = manifest.temperature == 1 ? logits : try logits / manifest.temperature
        let output: Tensor =
            switch manifest.activation {
            case .softmax: try scaled.softmax(dim: -1)
            case .sigmoid: try scaled.sigmoid()
            case .identity: scaled
            }
        return try finiteRows(output).map { $0.map(Double.init) }
    }

    /// The features of each image before the head, not normalised.
    func embeddings(_ images: [ImageTensor]) throws -> [[Float]] {
        try finiteRows(network.embedding(batch(images)).to(.float32))
    }

    /// The probabilities of a case of 1–3 images, and the share of attention of each.
    func screen(_ images: [ImageTensor]) throws -> (probabilities: [Double], attention: [Double]?) {
        guard let head else {
            throw CutisError(
                .bundleInvalid, "The bundle \(bundle.manifest.id) has no head.", remedy: "Import it again.")
        }
        let features = try network.embedding(batch(images)).to(.float32)
        let slots = head.maximumInstances ?? Screener.maximumImages
        let missing = slots - images.count
        // A case of fewer images is padded with zero rows behind, as the heads were trained.
        var bag = features
        if missing > 0 {
            bag = try Tensor.cat([features, Tensor.zeros([missing, features.shape[1]], device: device)], dim: 0)
        }
        let present = (0..<slots).map { $0 < images.count ? Float(1) : 0 }
        let mask = try Tensor(present, shape: [1, slots]).to(device)
        let answer = try head(bag: bag.unsqueeze(0), mask: mask)
        let probabilities = try finiteRows(answer.probabilities)[0].map(Double.init)
        let attention = try answer.attention.map { try $0.floats().prefix(images.count).map(Double.init) }
        return (probabilities, attention)
    }

    /// Where the model looked.
    func explain(_ image: ImageTensor, classIndex: Int, method: ExplanationMethod?) throws -> ExplanationGrid {
        try network.explain(batch([image]), classIndex: classIndex, method: method)
    }

    private func batch(_ images: [ImageTensor]) throws -> Tensor {
        guard let first = images.first else {
            throw CutisError(.invalidArguments, "There is no image to look at.", remedy: "Give at least one image.")
        }
        let values = images.flatMap(\.values)
        return try Tensor(values, shape: [images.count, first.channels, first.height, first.width]).to(device).to(dtype)
    }

    private func finiteRows(_ matrix: Tensor) throws -> [[Float]] {
        let width = matrix.shape.last ?? 0
        let values = try matrix.floats()
        guard values.allSatisfy(\.isFinite) else {
            throw CutisError(
                .computeFailed, "The model \(bundle.manifest.id) gave a value that is not a number.",
                remedy: "Use --precision fp32; if it persists, run `cutis verify` on the bundle.")
        }
        return stride(from: 0, to: values.count, by: max(width, 1)).map { Array(values[$0..<($0 + width)]) }
    }

    /// Turns a failed operation into an error for people, with memory as a case of its own.
    static func translatingErrors<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as TensorError where error.code == .memory {
            throw CutisError(
                .outOfMemory, "There is not enough memory for \(error.operation).",
                remedy: "Use --batch 1 or --precision fp16, or close other programs.")
        }
    }
}
