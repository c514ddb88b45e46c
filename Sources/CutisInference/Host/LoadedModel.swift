package import CutisCore
import CutisFormats
package import CutisImaging
package import CutisModels
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
    let device: Device
    let dtype: DType
    /// The precision that was chosen.
    public let precision: Precision
    /// The network that explanations look into, where the one that answers is packed; made when it is first asked for.
    private var explained: ImageNetwork?
    /// Passes that a GPU repeats from a recording.
    private let graphs = CUDAGraphCache<Answer>()

    /// What a pass gives.
    private enum Answer { case logits, embedding }

    /// Builds the network from the bundle's weights, after (and beside) comparing its files with their SHA-256.
    ///
    /// - Throws: `CutisError`: `.bundleInvalid`, `.bundleHashMismatch`, `.checkpointCorrupt`, `.checkpointMismatch`,
    ///   `.weightsNotFinite`, `.labelsMismatch`, `.deviceUnavailable`, `.precisionUnavailable`, `.outOfMemory`.
    public init(_ bundle: ModelBundle, options: LoadOptions = LoadOptions()) throws {
        self.bundle = bundle
        // Hashing reads every byte once on another core while the network is built.
        let check = options.checksFiles ? BackgroundCheck { () throws(CutisError) in try bundle.checkFiles() } : nil
        let outcome = Result { try Self.build(bundle, options: options) }
        // A damaged file explains a failed build better than the failure itself.
        try check?.wait()
        let parts = try outcome.get()
        (network, head, report) = (parts.built.network, parts.head, parts.report)
        (device, dtype, precision) = (parts.built.device, parts.built.dtype, parts.built.precision)
        // What the packing of large layers left behind goes back to the system.
        Runtime.releaseUnusedMemory()
    }

    private struct Parts {
        let built: Built
        let head: (any MILHead)?
        let report: Report
    }

    private static func build(_ bundle: ModelBundle, options: LoadOptions) throws -> Parts {
        let manifest = bundle.manifest
        var options = options
        options.precision = options.precision ?? manifest.precision
        return try translatingErrors {
            try withoutGrad {
                let archive = try TensorArchives.open(bundle.file(BundleLayout.weights))
                let layout = try layout(of: manifest)
                let size = manifest.preprocessing.outputSize
                let built = try network(
                    manifest.architecture, options: options, plan: manifest.quantisation,
                    imageSize: (size?.height ?? 224, size?.width ?? 224)
                ) { dtype, purpose in
                    switch purpose {
                    case .packed: .packing(archive: archive, layout: layout, dtype: dtype)
                    case .plain(let device):
                        WeightReader(archive: archive, layout: layout, dtype: dtype, device: device)
                    }
                }
                var loaded = try built.reader.finish().loaded.count
                var numbers = built.reader.elementCount
                var head: (any MILHead)?
                if let configuration = manifest.head {
                    let opened = try MILHeads.open(
                        configuration, weights: bundle.file(BundleLayout.headWeights),
                        graph: configuration.hasGraph ? bundle.file(BundleLayout.headGraph) : nil,
                        device: built.device)
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
                    built: built, head: head,
                    report: Report(tensorCount: loaded, parameterCount: numbers))
            }
        }
    }

    /// A network with what its input must be.
    struct Built {
        let network: ImageNetwork
        let reader: WeightReader
        let device: Device
        let dtype: DType
        let precision: Precision
    }

    /// A packed network where the model runs on a CPU, otherwise the plain one.
    ///
    /// - Parameters:
    ///   - plan: which layers may be int8.
    ///   - imageSize: height and width of the images.
    ///   - reader: makes the source of weights of a type, for a packed network or a device.
    static func network(
        _ configuration: ModelConfiguration, options: LoadOptions, plan: QuantisationPlan?,
        imageSize: (height: Int, width: Int), reader source: (DType, ReaderPurpose) throws -> WeightReader
    ) throws -> Built {
        try Runtime.check()
        let device = try options.resolvedDevice()
        if let threads = options.threads { Runtime.threads = threads }
        guard device == .cpu, PackedLinear.isAvailable else {
            let (dtype, precision) = try plainType(options, device)
            // fp32 means fp32: LibTorch's convolutions would round to 10 bits of mantissa.
            if device != .cpu { try Runtime.setTF32(false) }
            let reader = try source(dtype, .plain(device))
            let network = try ImageNetwork(configuration, reader)
            return Built(network: network, reader: reader, device: device, dtype: dtype, precision: precision)
        }
        let choice = try PrecisionChoice(options.precision, plan: plan, fallsBack: options.fallsBack)
        let reader = try source(choice.packing.storedType, .packed)
        let network = try ImageNetwork(
            packing: configuration, reader, imageSize: imageSize, precision: choice.packing)
        return Built(
            network: network, reader: reader, device: device, dtype: .float32, precision: choice.precision)
    }

    /// What a reader's weights are for.
    enum ReaderPurpose {
        /// Copied by a packed network on the CPU.
        case packed
        /// Kept as they are on a device.
        case plain(Device)
    }

    /// The type that a network which is not packed computes in.
    private static func plainType(
        _ options: LoadOptions, _ device: Device
    ) throws(CutisError) -> (DType, Precision) {
        switch options.precision {
        case .fp16 where device != .cpu: return (.float16, .fp16)
        case .bf16: return (.bfloat16, .bf16)
        case .int8 where !options.fallsBack:
            throw CutisError(
                .precisionUnavailable, "int8 is computed on CPUs only, by a LibTorch with oneDNN.",
                remedy: "Use --device cpu, or --precision fp16 or bf16 on a GPU.")
        default: return (.float32, .fp32)
        }
    }

    /// The names of a bundle's weights.
    package static func layout(of manifest: BundleManifest) throws(CutisError) -> KeyLayout {
        guard let layout = KeyLayout.named(manifest.keyLayout) else {
            throw CutisError(
                .bundleInvalid, "The bundle \(manifest.id) names its weights by \"\(manifest.keyLayout)\".",
                remedy: "This build knows \(KeyLayout.all.map(\.id).joined(separator: ", ")); import it again.")
        }
        return layout
    }

    /// The probability of each class for each image.
    func probabilities(_ images: [ImageTensor]) throws -> [[Double]] {
        try probabilities(logits: forward(.logits, images))
    }

    private func probabilities(logits: Tensor) throws -> [[Double]] {
        let manifest = bundle.manifest
        let logits = try logits.to(.float32)
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
        try finiteRows(forward(.embedding, images).to(.float32))
    }

    /// The probabilities of a case of 1–3 images, the share of attention of each, and how long network and head took.
    func screen(
        _ images: [ImageTensor]
    ) throws -> (probabilities: [Double], attention: [Double]?, durations: Screener.Durations) {
        guard let head else { throw Self.noHead(bundle) }
        let start = ContinuousClock.now
        let features = try forward(.embedding, images).to(.float32)
        if case .cuda = device { try Runtime.synchronize(device) }
        let encoded = ContinuousClock.now
        let answer = try screen(features, by: head)
        return (
            answer.probabilities, answer.attention,
            Screener.Durations(encode: encoded - start, head: ContinuousClock.now - encoded)
        )
    }

    /// The head's answer to a case by the features of its images, [images, width].
    private func screen(
        _ features: Tensor, by head: any MILHead
    ) throws -> (probabilities: [Double], attention: [Double]?) {
        let count = features.shape[0]
        let slots = head.maximumInstances ?? Screener.maximumImages
        let missing = slots - count
        // A case of fewer images is padded with zero rows behind, as the heads were trained.
        var bag = features
        if missing > 0 {
            bag = try Tensor.cat([features, Tensor.zeros([missing, features.shape[1]], device: device)], dim: 0)
        }
        let present = (0..<slots).map { $0 < count ? Float(1) : 0 }
        let mask = try Tensor(present, shape: [1, slots]).to(device)
        let answer = try head(bag: bag.unsqueeze(0), mask: mask)
        let probabilities = try finiteRows(answer.probabilities)[0].map(Double.init)
        let attention = try answer.attention.map { try $0.floats().prefix(count).map(Double.init) }
        return (probabilities, attention)
    }

    /// Answers several requests for the cost of one: their images go through the network together.
    func answers(to parts: [BatchPart]) throws -> [BatchPart.Answer] {
        let images = parts.flatMap { $0.images.map(\.input) }
        guard !images.isEmpty else { return parts.map { _ in .embeddings([]) } }
        let wantsClasses = parts.contains { $0.output == .classes }
        let wantsFeatures = parts.contains { $0.output != .classes }
        let (features, rows): (Tensor?, [[Double]])
        switch (wantsFeatures, wantsClasses) {
        case (true, true):
            let (embedding, logits) = try network.answer(batch(images))
            (features, rows) = (try embedding.to(.float32), try probabilities(logits: logits))
        case (true, false): (features, rows) = (try forward(.embedding, images).to(.float32), [])
        default: (features, rows) = (nil, try probabilities(images))
        }
        var start = 0
        return try parts.map { part in
            let range = start..<start + part.images.count
            start = range.upperBound
            guard part.output != .classes, let features else { return .classes(Array(rows[range])) }
            let own = try features.narrow(dim: 0, start: range.lowerBound, length: range.count)
            guard part.output == .screening else { return .embeddings(try finiteRows(own)) }
            guard let head else { throw Self.noHead(bundle) }
            let answer = try screen(own, by: head)
            return .screening(probabilities: answer.probabilities, attention: answer.attention)
        }
    }

    private static func noHead(_ bundle: ModelBundle) -> CutisError {
        CutisError(.bundleInvalid, "The bundle \(bundle.manifest.id) has no head.", remedy: "Import it again.")
    }

    /// The features of each image before the head, and its class probabilities (a screening head sees each image as a
    /// case of one; embedding bundles have none), from one pass.
    ///
    /// - Parameter observer: sees the input of each layer that can be quantised.
    package func answers(
        _ images: [ImageTensor], observer: LayerObserver? = nil
    ) throws -> (embeddings: [[Float]], probabilities: [[Double]]) {
        let (embedding, logits) = try network.answer(batch(images), observer: observer)
        let embeddings = try finiteRows(embedding.to(.float32))
        switch bundle.manifest.task {
        case .embedding: return (embeddings, [])
        case .classification: return (embeddings, try probabilities(logits: logits))
        case .screening:
            guard let head else { return (embeddings, []) }
            let rows = try embedding.to(.float32).split(1)
            return (embeddings, try rows.map { try screen($0, by: head).probabilities })
        }
    }

    /// Where the model looked.
    func explain(_ image: ImageTensor, classIndex: Int, method: ExplanationMethod?) throws -> ExplanationGrid {
        try plainNetwork().explain(batch([image]), classIndex: classIndex, method: method)
    }

    /// The network as it is trained: attention and gradients cannot be seen in a packed one. Its weights are mapped.
    private func plainNetwork() throws -> ImageNetwork {
        if let explained { return explained }
        switch network {
        case .vit, .resNet: return network
        case .packedViT, .packedResNet:
            let reader = WeightReader(
                archive: try TensorArchives.open(bundle.file(BundleLayout.weights)),
                layout: try Self.layout(of: bundle.manifest), checkFinite: false)
            let plain = try ImageNetwork(bundle.manifest.architecture, reader)
            try reader.finish()
            explained = plain
            return plain
        }
    }

    /// What the network gives for images; on a GPU from a recording where their number came before.
    private func forward(_ answer: Answer, _ images: [ImageTensor]) throws -> Tensor {
        let pass = { [network] (x: Tensor) in
            switch answer {
            case .logits: try network.logits(x)
            case .embedding: try network.embedding(x)
            }
        }
        guard case .cuda = device else { return try pass(batch(images)) }
        return try graphs(answer, hostBatch(images), on: device, dtype: dtype, pass)
    }

    /// The images as one tensor where the model is, in the type that it takes.
    private func batch(_ images: [ImageTensor]) throws -> Tensor {
        try hostBatch(images).toWithoutWaiting(device).to(dtype)
    }

    /// The images as one fp32 tensor on the CPU, in memory that a GPU can copy from by itself where the model is on one.
    private func hostBatch(_ images: [ImageTensor]) throws -> Tensor {
        guard let first = images.first else {
            throw CutisError(.invalidArguments, "There is no image to look at.", remedy: "Give at least one image.")
        }
        let values = images.flatMap(\.values)
        let shape = [images.count, first.channels, first.height, first.width]
        return try device == .cpu ? Tensor(values, shape: shape) : Tensor.pinned(values, shape: shape)
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
    package static func translatingErrors<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as TensorError where error.code == .memory {
            throw CutisError(
                .outOfMemory, "There is not enough memory for the operation \(error.operation).",
                remedy: "Use --batch 1 or --precision fp16, or close other programs.")
        }
    }
}
