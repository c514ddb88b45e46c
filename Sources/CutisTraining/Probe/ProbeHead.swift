public import CutisCore
import CutisFormats
public import CutisTensor
public import Foundation

/// A linear classification head on embeddings: soft-max(W·x + b).
///
/// The standardisation that it was fitted with is folded into its weights: it takes embeddings as they are.
public struct ProbeHead {
    /// The layer of a network that the head can stand for; it names the tensors.
    public enum Layer: String, Sendable, Hashable, CaseIterable {
        /// The last layer of a vision transformer.
        case visionTransformer = "head"
        /// The last layer of a residual network.
        case residualNetwork = "fc"
    }

    /// float32 [K, D].
    public let weight: Tensor
    /// float32 [K].
    public let bias: Tensor
    /// The classes in the order of the outputs.
    public let labels: LabelSet

    /// Folds a standardisation into a regression.
    ///
    /// W' = W/σ and b' = b − W'·μ, in float64. The one vector of two classes becomes −w/2 and w/2, whose soft-max is the
    /// same probability.
    init(_ regression: LogisticRegression, _ standardisation: Standardisation, labels: LabelSet) throws {
        var weight = try regression.coefficients / standardisation.deviation
        var bias = try regression.biases - (weight * standardisation.mean).sum([1])
        if regression.classCount == 2 {
            weight = try Tensor.cat([weight * -0.5, weight * 0.5])
            bias = try Tensor.cat([bias * -0.5, bias * 0.5])
        }
        self.weight = try weight.to(DType.float32)
        self.bias = try bias.to(DType.float32)
        self.labels = labels
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `.checkpointUnsupported` where the file holds no linear head, `.checkpointMismatch` where sizes and
    ///   labels do not fit, `.weightsNotFinite`; what the reader throws.
    public init(_ url: URL) throws {
        let archive = try SafetensorsArchive(url)
        let layer = Layer.allCases.map(\.rawValue).first { archive.tensors["\($0).weight"] != nil }
        guard let layer, archive.tensors.count == 2,
            let text = archive.metadata["labels"],
            let labels = try? JSONDecoder().decode(LabelSet.self, from: Data(text.utf8))
        else {
            throw CutisError(
                .checkpointUnsupported, "\(url.path) is not a linear head with labels.",
                remedy: "Make it with a `probe` section in the configuration.")
        }
        func read(_ name: String, rank: Int) throws -> Tensor {
            guard let description = archive.tensors[name], description.elementType == .float32,
                description.shape.count == rank, description.shape.first == labels.count
            else {
                throw CutisError(
                    .checkpointMismatch, "\(name) of \(url.path) does not fit its \(labels.count) labels.",
                    remedy: "Make the head again.")
            }
            let tensor = try archive.data(for: name).withUnsafeBytes {
                try Tensor(rawBytes: $0, shape: description.shape, dtype: .float32)
            }
            guard try tensor.allFinite() else {
                throw CutisError(
                    .weightsNotFinite, "\(name) of \(url.path) is not finite.", remedy: "Make the head again.")
            }
            return tensor
        }
        weight = try read("\(layer).weight", rank: 2)
        bias = try read("\(layer).bias", rank: 1)
        self.labels = labels
    }

    /// Probabilities [N, K] of embeddings [N, D].
    ///
    /// - Throws: `TensorError` where the width is another.
    public func probabilities(_ features: Tensor) throws(TensorError) -> Tensor {
        try withoutGrad { () throws(TensorError) in try features.linear(weight, bias).softmax(dim: 1) }
    }

    /// Writes `LAYER.weight` [K, D] and `LAYER.bias` [K] in float32, with the labels as JSON in the metadata.
    ///
    /// The names are those of the network's own last layer: a checkpoint of the network that made the embeddings,
    /// together with these two tensors, is a classifier.
    ///
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    public func write(to url: URL, layer: Layer = .visionTransformer, metadata: [String: String] = [:]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(labels), as: UTF8.self)
        let entries = try [("weight", weight), ("bias", bias)].map { name, tensor in
            SafetensorsEntry(
                name: "\(layer.rawValue).\(name)", elementType: .float32, shape: tensor.shape,
                bytes: Data(try tensor.rawBytes()))
        }
        try SafetensorsWriter.write(entries, metadata: metadata.merging(["labels": text]) { $1 }, to: url)
    }
}
