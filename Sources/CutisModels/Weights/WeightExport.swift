import CutisCore
public import CutisFormats
import CutisTensor
public import Foundation

extension WeightReader {
    /// Writes what was taken so far, parameters and buffers, under canonical names as safetensors.
    ///
    /// The tensors are written one by one, in the order of the model; the file appears whole or not at all.
    ///
    /// - Parameters:
    ///   - url: the new file.
    ///   - elementType: float32, float16 or bfloat16; learnable weights are stored so. Buffers, which are few, stay
    ///     float32.
    ///   - metadata: text that goes with them.
    /// - Throws: `.weightsNotFinite` where a value does not fit the type, `.invalidArguments` for another type, and
    ///   what `SafetensorsWriter` throws.
    public func write(
        to url: URL, elementType: ElementType = .float32, metadata: [String: String] = [:]
    ) throws {
        try NamedTensors.write(
            parameters: parameters, buffers: buffers, to: url, elementType: elementType, metadata: metadata)
    }
}

/// Writing of a model's tensors.
public enum NamedTensors {
    /// Writes parameters and buffers as `WeightReader.write` does.
    public static func write(
        parameters: [NamedTensor], buffers: [NamedTensor], to url: URL, elementType: ElementType = .float32,
        metadata: [String: String] = [:]
    ) throws {
        guard let dtype = DType(floating: elementType), dtype != .float64 else {
            throw CutisError(
                .invalidArguments, "Weights cannot be stored as \(elementType.rawValue).",
                remedy: "Store them as F32, F16 or BF16.")
        }
        // The wider numbers first: so every tensor is aligned in the file and can be mapped.
        let all = buffers.map { ($0, DType.float32, ElementType.float32) } + parameters.map { ($0, dtype, elementType) }
        let entries = all.map { named, type, stored in
            SafetensorsEntry(name: named.name, elementType: stored, shape: named.tensor.shape) { write in
                let converted = try named.tensor.detach().to(Device.cpu).to(type)
                guard try converted.allFinite() else {
                    throw CutisError(
                        .weightsNotFinite, "\(named.name) has values that are not finite as \(stored.rawValue).",
                        remedy: "Store the weights as F32 or BF16.")
                }
                try converted.rawBytes().withUnsafeBytes { try write($0) }
            }
        }
        try SafetensorsWriter.write(entries, metadata: metadata, to: url)
    }
}
