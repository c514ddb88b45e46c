public import CutisCore
public import CutisFormats
public import Foundation

/// Works out what model a checkpoint is: from the configuration files beside it, from the names and shapes of its
/// tensors, and by its library's documented rules, in this order.
public enum ConfigurationReader {
    /// Opens a checkpoint and reads its configuration.
    ///
    /// - Parameters:
    ///   - source: a checkpoint file, or a folder that holds one (a Hugging Face snapshot).
    ///   - kind: the published form; nil detects it.
    ///   - heads: attention heads, where no file says how many and the usual rule does not hold.
    /// - Throws: what opening throws, and what `read` throws.
    public static func open(
        _ source: URL, kind: ModelKind? = nil, heads: Int? = nil
    ) throws(CutisError) -> (archive: any TensorArchive, configuration: ImportedConfiguration) {
        let archive = try TensorArchives.open(source)
        let isFolder = (try? source.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
        let folder = isFolder ? source : source.deletingLastPathComponent()
        return (archive, try read(archive, folder: folder, kind: kind, heads: heads, mayBeForeign: !isFolder))
    }

    /// Reads the configuration of an open checkpoint.
    ///
    /// - Parameters:
    ///   - folder: where configuration files are looked for; nil looks nowhere.
    ///   - kind: the published form; nil detects it.
    ///   - heads: attention heads, where no file says how many and the usual rule does not hold.
    ///   - mayBeForeign: ignores a config.json of another kind of model, which may just lie in the same folder.
    /// - Throws: `.checkpointUnsupported` for an unknown form or where something stays unknown, `.configInvalid` with
    ///   file and key, `.labelsMismatch`, `.fileUnreadable`.
    public static func read(
        _ archive: any TensorArchive, folder: URL?, kind: ModelKind? = nil, heads: Int? = nil,
        mayBeForeign: Bool = false
    ) throws(CutisError) -> ImportedConfiguration {
        guard let kind = kind ?? DialectSniffer.detect(archive) else {
            throw refusal(
                archive,
                "holds no model that Cutis knows (its tensors begin with "
                    + archive.tensors.keys.sorted().prefix(3).joined(separator: ", ") + ")")
        }
        guard let layout = kind.layout, kind != .cutis else {
            throw refusal(archive, "holds a \(kind.title), which is not an image network to import by itself")
        }
        let files = try ConfigFiles(folder, kind: kind, mayBeForeign: mayBeForeign)
        let probe = ShapeProbe(archive, layout: layout, heads: heads)
        var assumptions: [String] = []
        let architecture = try architecture(kind, files, probe, &assumptions)
        let labels =
            try files.isTimm
            ? TimmReader.labels(files.model, count: architecture.classCount)
            : HuggingFaceViTReader.labels(files.model, count: architecture.classCount)
        let problemType = try files.model?.text("problem_type")
        return ImportedConfiguration(
            kind: kind, architecture: architecture, layout: layout, labels: labels,
            isMultiLabel: !files.isTimm && problemType == "multi_label_classification",
            preprocessing: try preprocessing(kind, files, architecture, &assumptions), assumptions: assumptions)
    }

    private static func architecture(
        _ kind: ModelKind, _ files: ConfigFiles, _ probe: ShapeProbe, _ assumptions: inout [String]
    ) throws(CutisError) -> ModelConfiguration {
        switch kind {
        case .torchvisionViT:
            assumptions.append("Norm epsilon 1e-6 and erf GELU are the library's.")
            return .visionTransformer(
                try ViTConfig(probe, ViTHints(positionTable: .classAndPatches), assumptions: &assumptions))
        case .huggingFaceViT:
            return .visionTransformer(try HuggingFaceViTReader.read(files.model, probe, assumptions: &assumptions))
        case .timmViT:
            return .visionTransformer(try TimmReader.transformer(files.model, probe, assumptions: &assumptions))
        case .tipsv2:
            return .visionTransformer(try TIPSReader.read(files.model, probe, assumptions: &assumptions))
        case .openCLIP:
            return .visionTransformer(try OpenCLIPReader.read(files.model, probe, assumptions: &assumptions))
        case .huggingFaceCLIP:
            return .visionTransformer(try HuggingFaceCLIPReader.read(files.model, probe, assumptions: &assumptions))
        case .torchvisionResNet:
            guard let config = files.model else { return .resNet(try ResNetConfig(probe, ResNetHints())) }
            return .resNet(try TimmReader.residual(config, probe, assumptions: &assumptions))
        case .huggingFaceResNet: return .resNet(try HuggingFaceResNetReader.read(files.model, probe))
        case .cutis, .gatedAttentionMIL: throw refusal(probe.archive, "holds a \(kind.title)")
        }
    }

    private static func preprocessing(
        _ kind: ModelKind, _ files: ConfigFiles, _ architecture: ModelConfiguration, _ assumptions: inout [String]
    ) throws(CutisError) -> PreprocessingFields {
        var size = [224, 224]
        if case .visionTransformer(let config) = architecture { size = config.imageSize }
        let standard = PreprocessingFields.standard(for: kind, size: size)
        if files.isTimm, let config = files.model {
            return try PreprocessingReaders.timm(TimmReader.pretrained(config), fallback: standard)
        }
        if kind == .openCLIP, let config = try files.model?.object("preprocess_cfg") {
            return try PreprocessingReaders.openCLIP(config, size: size, fallback: standard)
        }
        if let config = files.preprocessor {
            return try PreprocessingReaders.huggingFace(config, fallback: standard)
        }
        assumptions.append("The preprocessing is \(standard.origin).")
        return standard
    }

    private static func refusal(_ archive: any TensorArchive, _ what: String) -> CutisError {
        CutisError(
            .checkpointUnsupported, "\(archive.path) \(what).",
            remedy: "Supported are ViT (torchvision, Hugging Face, timm), TIPSv2, OpenCLIP, Hugging Face CLIP and "
                + "ResNet; name the form with --kind where it is one of them.")
    }
}
