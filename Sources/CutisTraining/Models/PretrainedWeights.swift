package import CutisCore
import CutisFormats
import CutisImaging
import CutisInference
package import CutisModels
package import CutisTensor
package import Foundation

/// An imported checkpoint or a bundle that training starts from.
package struct PretrainedWeights {
    /// The network as it was trained.
    package let architecture: ModelConfiguration
    /// The channels' means and deviations that it was trained with, where they are known.
    package let normalisation: (mean: [Float], deviation: [Float])?
    private let archive: any TensorArchive
    private let layout: KeyLayout

    /// Opens a bundle, a checkpoint file or a folder with one; reads no weights yet.
    ///
    /// - Parameter heads: attention heads, where no file says how many and the usual rule does not hold.
    /// - Throws: what `ModelBundle` and `ConfigurationReader.open` throw.
    package init(_ source: URL, heads: Int? = nil) throws {
        if FileManager.default.fileExists(atPath: source.appendingPathComponent(BundleLayout.manifest).path) {
            let bundle = try ModelBundle(source)
            try bundle.checkFiles()
            architecture = bundle.manifest.architecture
            normalisation = (bundle.manifest.preprocessing.mean, bundle.manifest.preprocessing.std)
            archive = try TensorArchives.open(source.appendingPathComponent(BundleLayout.weights))
            layout = .cutis
        } else {
            let opened = try ConfigurationReader.open(source, heads: heads)
            architecture = opened.configuration.architecture
            normalisation = nil
            archive = opened.archive
            layout = opened.configuration.layout
        }
    }

    /// The same network for other classes and images of another size.
    ///
    /// - Throws: `.configInvalid` for a size that the network cannot take.
    package func configuration(
        classCount: Int, imageSize: Int, dropout: Double = 0
    ) throws(CutisError) -> ModelConfiguration {
        var result = architecture
        switch architecture {
        case .visionTransformer(var config):
            config.imageSize = [imageSize, imageSize]
            config.classCount = classCount
            config.headDropout = dropout
            // torchvision's networks refuse another size; what is trained here may see several.
            if config.positionResize == .refuse { config.positionResize = .bicubicAntialias }
            result = .visionTransformer(config)
        case .resNet(var config):
            config.classCount = classCount
            config.headDropout = dropout
            result = .resNet(config)
        }
        try result.validate()
        return result
    }

    /// Copies everything but the head into a model that was made by `configuration(classCount:imageSize:)`.
    ///
    /// The head stays as it is where its size differs or `keepsHead` is false. Positions are resized to the model's
    /// grid by its own rule.
    ///
    /// - Returns: what became of every tensor: `loaded` has all weights but a new head's, `ignored` the old head's.
    /// - Throws: `.checkpointMismatch` that lists every weight that is missing or of another shape.
    package func load(into model: TrainableModel, keepsHead: Bool) throws -> LoadReport {
        let reader = WeightReader(archive: archive, layout: layout)
        switch architecture {
        case .visionTransformer(let config): _ = try VisionTransformer(config, reader)
        case .resNet(let config): _ = try ResNet(config, reader)
        }
        var report = try reader.finish()
        let stored = Dictionary(
            (reader.parameters + reader.buffers).map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        let isNewHead = !keepsHead || architecture.classCount != model.configuration.classCount
        report.loaded = []
        try withoutGrad {
            for weight in model.state {
                if isNewHead, Self.isHead(weight.name) { continue }
                guard let value = stored[weight.name] else {
                    report.missing.append(LoadReport.Missing(name: weight.name, keys: []))
                    continue
                }
                let fitting =
                    weight.name == "position_embedding" ? try resized(value, for: model.configuration) : value
                guard fitting.shape == weight.tensor.shape else {
                    report.mismatched.append(
                        LoadReport.Mismatched(
                            name: weight.name, source: .same(weight.name), expected: "\(weight.tensor.shape)",
                            found: "\(value.shape)"))
                    continue
                }
                try weight.tensor.copyInPlace(from: fitting)
                report.loaded.append(weight.name)
            }
        }
        if isNewHead {
            report.ignored += stored.keys.filter(Self.isHead).sorted().map {
                LoadReport.Ignored(key: $0, reason: "the head is new")
            }
        }
        if let error = report.error { throw error }
        return report
    }

    private static func isHead(_ name: String) -> Bool { name.hasPrefix("head.") || name.hasPrefix("fc.") }

    /// Positions for the model's grid of patches; rows of other tokens stay.
    private func resized(_ table: Tensor, for target: ModelConfiguration) throws -> Tensor {
        guard case .visionTransformer(let own) = architecture, case .visionTransformer(let wanted) = target,
            own.grid != wanted.grid
        else { return table }
        let (from, to, width) = (own.grid, wanted.grid, own.width)
        let prefix = table.shape[1] - from.rows * from.columns
        let places = try table.narrow(dim: 1, start: prefix, length: from.rows * from.columns)
        let image = try places.reshape([1, from.rows, from.columns, width]).permute([0, 3, 1, 2])
        let scaled = try image.interpolate(
            size: [to.rows, to.columns], mode: wanted.positionResize == .bilinearAntialias ? .bilinear : .bicubic,
            antialias: wanted.positionResize != .bicubic, alignCorners: false)
        let rows = try scaled.permute([0, 2, 3, 1]).reshape([1, to.rows * to.columns, width])
        return try prefix == 0
            ? rows : Tensor.cat([table.narrow(dim: 1, start: 0, length: prefix), rows], dim: 1)
    }
}

extension TrainableModel {
    /// Makes the model of a configuration: fresh or from its checkpoint, with what it freezes.
    ///
    /// - Parameters:
    ///   - settings: the section `model`.
    ///   - classCount: of the data.
    ///   - pretrained: what `settings.from` names, opened; nil starts from nothing.
    ///   - keepsHead: takes over a head with as many classes; false where the classes are others.
    /// - Throws: `.configInvalid`, `.checkpointMismatch`, `TensorError`.
    package static func make(
        _ settings: ModelSettings, classCount: Int, pretrained: PretrainedWeights? = nil, keepsHead: Bool = true,
        seed: UInt64, device: Device = .cpu
    ) throws -> TrainableModel {
        let configuration =
            try pretrained?.configuration(
                classCount: classCount, imageSize: settings.imageSize, dropout: settings.dropout)
            ?? settings.architecture.configuration(
                classCount: classCount, imageSize: settings.imageSize, stemWidth: settings.stemWidth,
                dropout: settings.dropout)
        let model = try TrainableModel(configuration, seed: seed, device: device)
        model.loadReport = try pretrained?.load(into: model, keepsHead: keepsHead)
        try model.freeze(settings.freeze)
        return model
    }
}
