import CutisCore
import CutisFormats
import CutisImaging
public import CutisModels
import CutisTensor
public import Foundation

/// What `cutis import` is asked for.
public struct ImportRequest: Sendable {
    /// A checkpoint file, or a folder that holds one with its configuration files.
    public var source: URL
    /// The published form; nil detects it.
    public var kind: ModelKind?
    /// Attention heads of a bare ViT checkpoint where the usual rule (64 numbers a head) does not hold.
    public var heads: Int?
    /// The head of a screening model (`.pt`, `.keras`, safetensors, a folder with one of them); nil for classifiers and embedding models.
    public var head: URL?
    /// What custom layers of a Keras head compute: a JSON array of `KerasCustomLayerMapping`.
    public var headMapping: URL?
    /// What a Keras head's last numbers are, where its graph does not tell.
    public var headMeaning: MILOutputMeaning?
    /// A file that names the classes; nil takes what the configuration files say.
    public var labels: URL?
    /// The threshold of every class of a screening model; nil takes what lies beside the head, or 0.35.
    public var threshold: Double?
    /// The bundle's id; nil takes the name of the source.
    public var name: String?

    /// Makes a request; only the source has no default.
    public init(
        source: URL, kind: ModelKind? = nil, heads: Int? = nil, head: URL? = nil, headMapping: URL? = nil,
        headMeaning: MILOutputMeaning? = nil, labels: URL? = nil, threshold: Double? = nil,
        name: String? = nil
    ) {
        self.source = source
        self.kind = kind
        self.heads = heads
        self.head = head
        self.headMapping = headMapping
        self.headMeaning = headMeaning
        self.labels = labels
        self.threshold = threshold
        self.name = name
    }
}

/// What an import found out.
public struct ImportSummary: Sendable {
    /// The manifest of the new bundle, without hashes and golden case.
    public let manifest: BundleManifest
    /// The published form, in words.
    public let kind: String
    /// How many tensors were taken.
    public let tensorCount: Int
    /// Why tensors of the checkpoint were left out, with their number.
    public let ignored: [String: Int]
    /// What no file says and was taken by rule, in sentences.
    public let assumptions: [String]
}

/// Makes a bundle of a published checkpoint.
public enum BundleImporter {
    /// Reads the configuration, loads every weight under its canonical name, and writes the bundle.
    ///
    /// Weights keep their stored type where that is fp16 or bf16, and become fp32 otherwise.
    ///
    /// - Throws: `CutisError` as the readers, `WeightReader` and `BundleWriter` document; `.labelsMismatch`.
    @discardableResult
    public static func run(_ request: ImportRequest, to output: URL) throws -> ImportSummary {
        let (archive, configuration) = try ConfigurationReader.open(
            request.source, kind: request.kind, heads: request.heads)
        guard configuration.architecture.channels == 3 else {
            throw CutisError(
                .checkpointUnsupported,
                "\(request.source.path) takes images of \(configuration.architecture.channels) channels, and recipes make "
                    + "RGB images.",
                remedy: "Use a model of three channels.")
        }
        let head = try request.head.map { try readHead($0, request, for: configuration.architecture) }
        let manifest = try manifest(request, configuration, head: head)

        var summary: ImportSummary?
        let card = ModelCardText.imported(manifest, configuration: configuration)
        try BundleWriter.write(manifest, to: output, modelCard: card) { folder in
            let report = try LoadedModel.translatingErrors {
                try writeWeights(archive, configuration, to: folder.appendingPathComponent(BundleLayout.weights))
            }
            try head?.write(
                weights: folder.appendingPathComponent(BundleLayout.headWeights),
                graph: folder.appendingPathComponent(BundleLayout.headGraph))
            summary = ImportSummary(
                manifest: manifest, kind: configuration.kind.title, tensorCount: report.loaded.count,
                ignored: Dictionary(report.ignored.map { ($0.reason, 1) }, uniquingKeysWith: +),
                assumptions: configuration.assumptions + (head?.assumptions ?? []))
        }
        guard let summary else { throw CancellationError() }
        return summary
    }

    private static func readHead(
        _ url: URL, _ request: ImportRequest, for architecture: ModelConfiguration
    ) throws -> ImportedMILHead {
        let mappings = try request.headMapping.map {
            try ModelBundle.decode([KerasCustomLayerMapping].self, at: $0)
        }
        let head = try LoadedModel.translatingErrors {
            try MILHeads.read(url, mappings: mappings ?? [], meaning: request.headMeaning)
        }
        guard head.configuration.inputWidth == architecture.featureWidth else {
            throw CutisError(
                .checkpointMismatch,
                "The head \(url.path) takes \(head.configuration.inputWidth) numbers an image and the network gives "
                    + "\(architecture.featureWidth).",
                remedy: "Use the network that the head was trained on.")
        }
        return head
    }

    private static func writeWeights(
        _ archive: any TensorArchive, _ configuration: ImportedConfiguration, to url: URL
    ) throws -> LoadReport {
        try withoutGrad {
            let type = storedType(archive)
            let reader = WeightReader(archive: archive, layout: configuration.layout, dtype: type.computed)
            _ = try ImageNetwork(configuration.architecture, reader)
            let report = try reader.finish()
            try reader.write(to: url, elementType: type.stored)
            return report
        }
    }

    /// fp16 or bf16 where most of the checkpoint is, otherwise fp32.
    private static func storedType(_ archive: any TensorArchive) -> (stored: ElementType, computed: DType) {
        let bytes = archive.tensors.values.reduce(into: [ElementType: Int]()) {
            $0[$1.elementType, default: 0] += $1.byteCount
        }
        return switch bytes.max(by: { $0.value < $1.value })?.key {
        case .float16: (.float16, .float16)
        case .bfloat16: (.bfloat16, .bfloat16)
        default: (.float32, .float32)
        }
    }

    private static func manifest(
        _ request: ImportRequest, _ configuration: ImportedConfiguration, head: ImportedMILHead?
    ) throws(CutisError) -> BundleManifest {
        let task: BundleManifest.Task =
            head != nil ? .screening : configuration.architecture.classCount == nil ? .embedding : .classification
        let labels = try labels(request, configuration, head: head, task: task)
        let facts = SourceFacts(request.source)
        return BundleManifest(
            id: try identifier(request), version: "1.0.0", task: task, architecture: configuration.architecture,
            head: head?.configuration, preprocessing: try PreprocessingRecipe(configuration.preprocessing),
            activation: task != .classification ? .identity : configuration.isMultiLabel ? .sigmoid : .softmax,
            labels: labels,
            thresholds: try thresholds(request, labels, head: head, isMultiLabel: configuration.isMultiLabel),
            intendedUse: "Research and evaluation. Not a medical device; a clinician decides.",
            licence: facts.licence ?? "Unknown: see the source of the weights.",
            trainingData: "See the source of the weights.", source: request.source.lastPathComponent)
    }

    private static func labels(
        _ request: ImportRequest, _ configuration: ImportedConfiguration, head: ImportedMILHead?,
        task: BundleManifest.Task
    ) throws(CutisError) -> LabelSet {
        guard task != .embedding else { return LabelSet([]) }
        let outputs = head?.configuration.outputCount ?? configuration.architecture.classCount ?? 0
        let labels: LabelSet
        if let file = request.labels {
            labels = try LabelFile.read(file)
        } else if head != nil {
            labels =
                outputs == 1 && head?.labels == nil
                ? LabelSet([DiagnosisLabel(id: "infectious", label: "Infectious")])
                : LabelFile.labels(named: head?.labels ?? (0..<outputs).map { "Class \($0)" })
        } else {
            labels = LabelFile.labels(named: configuration.labels ?? (0..<outputs).map { "Class \($0)" })
        }
        guard labels.count == outputs else {
            throw CutisError(
                .labelsMismatch,
                "\(request.labels?.path ?? "The configuration") names \(labels.count) labels and the head gives \(outputs) numbers.",
                remedy: "Give --labels with one name for each output, in their order.")
        }
        return labels
    }

    private static func thresholds(
        _ request: ImportRequest, _ labels: LabelSet, head: ImportedMILHead?, isMultiLabel: Bool
    ) throws(CutisError) -> [String: Double] {
        guard head != nil || isMultiLabel else {
            guard request.threshold == nil else {
                throw CutisError(
                    .invalidArguments, "A threshold belongs to screening heads and multi-label classifiers.",
                    remedy: "Leave --threshold away, or give the head with --head.")
            }
            return [:]
        }
        let common = request.threshold ?? (head == nil ? 0.5 : Screener.defaultThreshold)
        var thresholds = Dictionary(
            labels.labels.map { ($0.id, common) }, uniquingKeysWith: { first, _ in first })
        if request.threshold == nil, let file = request.head {
            thresholds.merge(try ThresholdFile.beside(file, labels: labels)) { $1 }
        }
        return thresholds
    }

    /// The id of the bundle: letters, digits, dots, dashes and underscores.
    private static func identifier(_ request: ImportRequest) throws(CutisError) -> String {
        let name = request.name ?? SourceFacts(request.source).name
        let allowed = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard allowed, (1...128).contains(name.count) else {
            throw CutisError(
                .invalidArguments, "\"\(name.prefix(140))\" cannot be the id of a model.",
                remedy: "Use --name with 1 to 128 letters, digits, dots, dashes and underscores.")
        }
        return name
    }
}
