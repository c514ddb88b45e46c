import CutisCore
public import CutisFormats
package import CutisTensor
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
        let kept = buffers.map { StoredTensor($0, as: .float32) }
        try write(kept + parameters.map { StoredTensor($0, as: elementType) }, to: url, metadata: metadata)
    }

    /// Writes tensors each in its own type, one by one.
    ///
    /// - Throws: as `WeightReader.write`.
    package static func write(_ tensors: [StoredTensor], to url: URL, metadata: [String: String] = [:]) throws {
        let entries = try tensors.flatMap { try $0.entries() }
        // The wider numbers first: so every tensor is aligned in the file and can be mapped.
        let widths = Set(entries.map(\.elementType.byteWidth)).sorted(by: >)
        let ordered = widths.flatMap { width in entries.filter { $0.elementType.byteWidth == width } }
        try SafetensorsWriter.write(ordered, metadata: metadata, to: url)
    }
}

/// A tensor with the type that it is stored in.
package struct StoredTensor {
    private let name: String
    private let shape: [Int]
    private let elementType: ElementType
    private let values: () throws -> Tensor

    /// Stores a tensor as it is.
    package init(_ named: NamedTensor, as elementType: ElementType) {
        self.init(named.name, shape: named.tensor.shape, as: elementType) { named.tensor }
    }

    /// Stores what `values` makes when it is its turn.
    ///
    /// - Parameter elementType: float32, float16, bfloat16, or int8: symmetric by rows (`RowQuantisation`), with the
    ///   scales beside it as `NAME_scale`.
    package init(
        _ name: String, shape: [Int], as elementType: ElementType, values: @escaping () throws -> Tensor
    ) {
        self.name = name
        self.shape = shape
        self.elementType = elementType
        self.values = values
    }

    fileprivate func entries() throws(CutisError) -> [SafetensorsEntry] {
        guard elementType != .int8 else { return int8Entries() }
        guard let dtype = DType(floating: elementType), dtype != .float64 else {
            throw CutisError(
                .invalidArguments, "Weights cannot be stored as \(elementType.rawValue).",
                remedy: "Store them as F32, F16 or BF16.")
        }
        let entry = SafetensorsEntry(name: name, elementType: elementType, shape: shape) { write in
            let converted = try values().detach().to(Device.cpu).to(dtype)
            guard try converted.allFinite() else {
                throw CutisError(
                    .weightsNotFinite, "\(name) has values that are not finite as \(elementType.rawValue).",
                    remedy: "Store the weights as F32 or BF16.")
            }
            try converted.rawBytes().withUnsafeBytes { try write($0) }
        }
        return [entry]
    }

    private func int8Entries() -> [SafetensorsEntry] {
        // Rows are quantised for the weight and again for its scales: no tensor is kept from one to the other.
        func entry(_ name: String, _ type: ElementType, _ shape: [Int], _ part: KeyPath<RowQuantisation, Tensor>)
            -> SafetensorsEntry
        {
            SafetensorsEntry(name: name, elementType: type, shape: shape) { write in
                let quantised = try RowQuantisation(values().detach().to(Device.cpu))
                try quantised[keyPath: part].rawBytes().withUnsafeBytes { try write($0) }
            }
        }
        return [
            entry(name, .int8, shape, \.weight),
            entry(ArchiveWeights.scaleKey(of: name), .float32, Array(shape.prefix(1)), \.scales),
        ]
    }
}
