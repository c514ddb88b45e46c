import CutisCore
import CutisFormats
import CutisTensor

/// Canonical weights out of a checkpoint by the table of its layout.
final class ArchiveWeights {
    let archive: any TensorArchive
    let layout: KeyLayout
    private let prefix: String
    /// The type to compute in, where a reader asks for no other.
    let dtype: DType
    private let device: Device
    private var used: Set<String> = []

    init(_ archive: any TensorArchive, layout: KeyLayout, dtype: DType, device: Device) {
        self.archive = archive
        self.layout = layout
        self.dtype = dtype
        self.device = device
        prefix = layout.prefix(of: archive.tensors.keys)
    }

    /// What makes one weight; nil, with the reason noted in `report`, where it cannot be had. Reads no number.
    func find(_ name: String, shape: [Int], into report: inout LoadReport) -> WeightSource? {
        guard let source = layout.source(of: name, prefix: prefix)?.resolved({ archive.tensors[$0] != nil }) else {
            report.missing.append(LoadReport.Missing(name: name, keys: []))
            return nil
        }
        used.formUnion(source.keys)
        used.formUnion(source.keys.filter(isQuantised).map(Self.scaleKey))
        let absent = source.keys.filter { archive.tensors[$0] == nil }
        guard absent.isEmpty else {
            let keys = absent.map { key in archive.unsupported[key].map { "\(key): \($0)" } ?? key }
            report.missing.append(LoadReport.Missing(name: name, keys: keys))
            return nil
        }
        if let mismatch = mismatch(name, source, shape: shape) {
            report.mismatched.append(mismatch)
            return nil
        }
        if !source.isPlain { report.derived.append(LoadReport.Derived(name: name, source: source)) }
        return source
    }

    /// The values that a source makes.
    ///
    /// - Parameter ownMemory: copies what would otherwise be the file's memory. Parts, sums and conversions have their
    ///   own already; a second copy of those lives for a moment only.
    func load(_ source: WeightSource, shape: [Int], dtype: DType, ownMemory: Bool) throws -> Tensor {
        let tensor = try evaluate(source, wanted: shape, dtype)
        return try ownMemory ? tensor.clone() : tensor
    }

    /// A tensor of a shape that needs memory for one element only.
    func placeholder(_ shape: [Int]) throws(TensorError) -> Tensor {
        try Tensor.zeros(shape.map { _ in 1 }, dtype: dtype, device: device).expand(shape)
    }

    /// The tensors that nothing has used: those that the layout does not know, and those that it leaves out.
    func leftovers() -> (unexpected: [String], ignored: [LoadReport.Ignored]) {
        var unexpected: [String] = []
        var ignored: [LoadReport.Ignored] = []
        let all = Set(archive.tensors.keys).union(archive.unsupported.keys)
        for key in all.subtracting(used).sorted() {
            if let reason = layout.reasonToIgnore(key, prefix: prefix) {
                ignored.append(LoadReport.Ignored(key: key, reason: reason))
            } else {
                unexpected.append(key)
            }
        }
        return (unexpected, ignored)
    }

    private func mismatch(_ name: String, _ source: WeightSource, shape: [Int]) -> LoadReport.Mismatched? {
        let found = source.shape(wanted: shape) { archive.tensors[$0]?.shape }
        if found != shape {
            let stored = source.keys.map { "\(archive.tensors[$0]?.shape ?? [])" }.joined(separator: ", ")
            return LoadReport.Mismatched(
                name: name, source: source, expected: "\(shape)", found: found.map { "\($0)" } ?? stored)
        }
        let types = source.keys.filter { !isQuantised($0) }.compactMap { archive.tensors[$0]?.elementType }
        guard let wrong = types.first(where: { DType(floating: $0) == nil }) else { return nil }
        return LoadReport.Mismatched(
            name: name, source: source, expected: "floating-point numbers", found: wrong.rawValue)
    }

    private func evaluate(_ source: WeightSource, wanted: [Int], _ dtype: DType) throws -> Tensor {
        switch source {
        case .same(let key): return try stored(key, dtype)
        case .zeros: return try Tensor.zeros(wanted, dtype: dtype, device: device)
        case .transpose(let part): return try evaluate(part, wanted: wanted, dtype).transpose(0, 1).contiguous()
        case .reshape(let part): return try evaluate(part, wanted: wanted, dtype).reshape(wanted)
        case .concat(let parts, let dimension):
            return try Tensor.cat(parts.map { try evaluate($0, wanted: wanted, dtype) }, dim: dimension)
        case .slice(let part, let dimension, let index, let count):
            let whole = try evaluate(part, wanted: wanted, dtype)
            let length = whole.shape[dimension] / count
            return try whole.narrow(dim: dimension, start: index * length, length: length).contiguous()
        case .add(let parts):
            let terms = try parts.map { try evaluate($0, wanted: wanted, dtype) }
            guard let first = terms.first else { return try Tensor.zeros(wanted, dtype: dtype, device: device) }
            return try terms.dropFirst().reduce(first) { try $0 + $1 }
        case .firstOf(let parts): return try evaluate(parts.first ?? .zeros, wanted: wanted, dtype)
        }
    }

    private func stored(_ key: String, _ dtype: DType) throws -> Tensor {
        let tensor = try mapped(key)
        guard tensor.dtype == .int8 else { return try tensor.to(dtype).to(device) }
        // One scale per output; the product is exact in float32 for all that Cutis writes.
        let scales = try mapped(Self.scaleKey(of: key)).to(.float32)
        let rows = [scales.count] + Array(repeating: 1, count: tensor.rank - 1)
        return try (tensor.to(.float32) * scales.reshape(rows)).to(dtype).to(device)
    }

    private func mapped(_ key: String) throws -> Tensor {
        let data = try archive.data(for: key)
        let stored = data.description.elementType
        guard let type = stored == .int8 ? .int8 : DType(floating: stored) else {
            throw CutisError(
                .checkpointUnsupported, "Tensor \(key) of \(archive.path) is not of a floating-point type.",
                remedy: "Check that this is the model's checkpoint.")
        }
        return try Tensor.mapped(
            data.baseAddress, byteCount: data.description.byteCount, shape: data.description.shape, dtype: type,
            owner: data.owner)
    }

    /// The name of the scales of an int8 weight.
    static func scaleKey(of key: String) -> String { key + "_scale" }

    /// Whether an int8 weight has one float32 scale for each output, as Cutis stores it.
    private func isQuantised(_ key: String) -> Bool {
        guard let weight = archive.tensors[key], weight.elementType == .int8, let outputs = weight.shape.first,
            let scales = archive.tensors[Self.scaleKey(of: key)]
        else { return false }
        return scales.elementType == .float32 && scales.shape == [outputs]
    }
}

extension DType {
    /// The type of stored floating-point numbers; nil for integers and booleans.
    init?(floating stored: ElementType) {
        switch stored {
        case .float64: self = .float64
        case .float32: self = .float32
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        case .int64, .int32, .int16, .int8, .uint8, .bool: return nil
        }
    }
}
