package import CutisCore
import CutisFormats
package import CutisInference
package import CutisModels
package import CutisTensor
package import Foundation

/// The weights of a bundle on their way into another precision.
package struct WeightConversion {
    /// The tensors of the given bundle under canonical names, mapped where the file has one type.
    package var parameters: [NamedTensor] { reader.parameters }
    private let reader: WeightReader

    /// Opens the weights of a bundle.
    ///
    /// - Throws: as `TensorArchives.open` and `WeightReader.finish`.
    package init(_ bundle: ModelBundle) throws {
        let archive = try TensorArchives.open(bundle.file(BundleLayout.weights))
        let layout = try LoadedModel.layout(of: bundle.manifest)
        let types = Set(archive.tensors.values.map(\.elementType))
        let dtype: DType =
            switch types.count == 1 ? types.first : nil {
            case .float16: .float16
            case .bfloat16: .bfloat16
            default: .float32
            }
        reader = WeightReader(archive: archive, layout: layout, dtype: dtype)
        switch bundle.manifest.architecture {
        case .visionTransformer(let config): _ = try VisionTransformer(config, reader)
        case .resNet(let config): _ = try ResNet(config, reader)
        }
        try reader.finish()
        releasePages()
    }

    /// Gives the memory of the file's pages back until they are read again: a model beside them needs it more.
    package func releasePages() { reader.releasePages() }

    /// A tensor by its canonical name.
    package func tensor(_ name: String) throws(CutisError) -> Tensor {
        guard let found = parameters.first(where: { $0.name == name }) else {
            throw CutisError(
                .checkpointMismatch, "The weights have no \(name).", remedy: "Import the model again.")
        }
        return found.tensor
    }

    /// Writes the weights as `precision` keeps them.
    ///
    /// Vectors stay float32: they are small, and norms and biases decide much. Matrices that an int8 bundle does not
    /// quantise are float16 where their numbers fit.
    ///
    /// - Parameters:
    ///   - plan: the layers that become int8.
    ///   - folding: what is multiplied into the weights first.
    package func write(
        to url: URL, precision: Precision, plan: QuantisationPlan? = nil, folding: WeightFolding = WeightFolding()
    ) throws {
        let stored = try parameters.map { named in
            let type = try elementType(named, precision, plan)
            return StoredTensor(named.name, shape: named.tensor.shape, as: type) {
                try folding(named.name, named.tensor)
            }
        }
        try NamedTensors.write(reader.buffers.map { StoredTensor($0, as: .float32) } + stored, to: url)
        releasePages()
    }

    private func elementType(
        _ named: NamedTensor, _ precision: Precision, _ plan: QuantisationPlan?
    ) throws -> ElementType {
        guard named.tensor.rank > 1 else { return .float32 }
        switch precision {
        case .fp32: return .float32
        case .fp16: return .float16
        case .bf16: return .bfloat16
        case .int8:
            // A weight with one scale is quantised when it is loaded, after its norm was folded in.
            let layer = named.name.hasSuffix(".weight") ? String(named.name.dropLast(7)) : ""
            if let plan, plan.weights == .perOutput, plan.inputs[layer] != nil { return .int8 }
            return try named.tensor.to(.float16).allFinite() ? .float16 : .float32
        }
    }
}
