import CutisCore
import CutisFormats
import CutisTensor

/// Canonical weights out of a checkpoint by the table of its layout.
final class ArchiveWeights {
    let archive: any TensorArchive
    let layout: KeyLayout
    private let prefix: String
    private let dtype: DType
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
    func load(_ source: WeightSource, shape: [Int], ownMemory: Bool) throws -> Tensor {
        let tensor = try evaluate(source, wanted: shape)
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
        let types = source.keys.compactMap { archive.tensors[$0]?.elementType }
        guard let wrong = types.first(where: { DType(floating: $0) == nil }) else { return nil }
        return LoadReport.Mismatched(
            name: name, source: source, expected: "floating-point numbers", found: wrong.rawValue)
    }

    private func evaluate(_ source: WeightSource, wanted: [Int]) throws -> Tensor {
        switch source {
        case .same(let key): return try stored(key)
        case .zeros: return try Tensor.zeros(wanted, dtype: dtype, device: device)
        case .transpose(let part): return try evaluate(part, wanted: wanted).transpose(0, 1).contiguous()
        case .reshape(let part): return try evaluate(part, wanted: wanted).reshape(wanted)
        case .concat(let parts, let dimension):
            return try Tensor.cat(parts.map { try evaluate($0, wanted: wanted) }, dim: dimension)
        case .slice(let part, let dimension, let index, let count):
            let whole = try evaluate(part, wanted: wanted)
            let length = whole.shape[dimension] / count
            return try whole.narrow(dim: dimension, start: index * length, length: length).contiguous()
        case .add(let parts):
            let terms = try parts.map { try evaluate($0, wanted: wanted) }
            guard let first = terms.first else { return try Tensor.zeros(wanted, dtype: dtype, device: device) }
            return try terms.dropFirst().reduce(first) { try $0 + $1 }
        case .firstOf(let parts): return try evaluate(parts.first ?? .zeros, wanted: wanted)
        }
    }

    private func stored(_ key: String) throws -> Tensor {
        let data = try archive.data(for: key)
        guard let type = DType(floating: data.description.elementType) else {
            throw CutisError(
                .checkpointUnsupported, "Tensor \(key) of \(archive.path) is not of a floating-point type.",
                remedy: "Check that this is the model's checkpoint.")
        }
        return try Tensor.mapped(
            data.baseAddress, byteCount: data.description.byteCount, shape: data.description.shape, dtype: type,
            owner: data.owner
        )
        .to(dtype).to(device)
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
