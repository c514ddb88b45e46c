import CutisCore
import CutisFormats
import CutisTensor

/// The variables of a Keras weights file, by group and number.
///
/// Like `WeightReader` it notes every problem and `finish` reports all of them at once; a placeholder takes the place
/// of a variable that is not there. Names are HDF5 paths, such as `layers/dense_1/vars/0`; the canonical bundle stores
/// the same names as safetensors.
final class KerasWeights {
    let archive: any TensorArchive
    private let groupNames: [String: String]
    private let device: Device
    private var used: Set<String> = []
    private var report = LoadReport()
    /// Groups whose `name` attribute is not the name of the layer that the counting rule leads to.
    private var wrongGroups: [String] = []

    /// - Parameter groupNames: `name` attributes by group path, such as `layers/dense_1/vars`; empty where the
    ///   container has none.
    init(_ archive: any TensorArchive, groupNames: [String: String], device: Device) {
        self.archive = archive
        self.groupNames = groupNames
        self.device = device
        report.path = archive.path
        report.layout = "keras"
    }

    /// Checks the rule that leads from a layer to its group against the name that Keras wrote into the group.
    func checkName(of group: String, is name: String) {
        guard let stored = groupNames["\(group)/vars"] ?? groupNames["/\(group)/vars"], stored != name else { return }
        wrongGroups.append("\(group) belongs to \(KerasName.quoted(stored)), not \(KerasName.quoted(name))")
    }

    /// The shapes of the numbered variables directly in a group, in order.
    func shapes(in group: String) -> [[Int]] {
        var shapes: [[Int]] = []
        while shapes.count < 64, let tensor = archive.tensors["\(group)/vars/\(shapes.count)"] {
            shapes.append(tensor.shape)
        }
        return shapes
    }

    /// The shape of a variable, or nil where it is absent.
    func shape(_ path: String) -> [Int]? { archive.tensors[path]?.shape }

    /// What a group holds, in words, for messages.
    func contents(of group: String) -> String {
        let held = archive.tensors.keys.filter { $0.hasPrefix("\(group)/") }.sorted().prefix(12).map { key in
            "\(key.dropFirst(group.count + 1)) \(archive.tensors[key]?.shape ?? [])"
        }
        return held.isEmpty ? "no weights" : held.joined(separator: ", ")
    }

    /// The names of the child groups that hold variables, sorted.
    func children(of group: String) -> [String] {
        let prefix = "\(group)/"
        var names: Set<String> = []
        for key in archive.tensors.keys where key.hasPrefix(prefix) {
            let rest = key.dropFirst(prefix.count)
            if let end = rest.firstIndex(of: "/"), rest[..<end] != "vars" { names.insert(String(rest[..<end])) }
        }
        return names.sorted()
    }

    /// One variable as float32.
    ///
    /// - Parameters:
    ///   - path: such as `layers/dense_1/vars/0`.
    ///   - shape: the sizes that it must have; nil takes any size in that place.
    func variable(_ path: String, shape: [Int?]) throws -> Tensor {
        used.insert(path)
        guard let description = archive.tensors[path] else {
            report.missing.append(LoadReport.Missing(name: path, keys: []))
            return try placeholder(shape)
        }
        let fits =
            description.shape.count == shape.count && zip(description.shape, shape).allSatisfy { $1 == nil || $0 == $1 }
        guard fits, let type = DType(floating: description.elementType) else {
            let needed = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            report.mismatched.append(
                LoadReport.Mismatched(
                    name: path, source: .same(path), expected: "[\(needed)] of floating-point numbers",
                    found: "\(description.shape) of \(description.elementType.rawValue)"))
            return try placeholder(shape)
        }
        let data = try archive.data(for: path)
        let tensor = try Tensor.mapped(data.baseAddress, shape: description.shape, dtype: type, owner: data.owner)
            .to(.float32).to(device)
        if try !tensor.allFinite() { report.notFinite.append(path) }
        report.loaded.append(path)
        return tensor
    }

    /// A variable that the model does not compute with, such as a counter.
    func ignore(_ path: String, reason: String) {
        guard archive.tensors[path] != nil, used.insert(path).inserted else { return }
        report.ignored.append(LoadReport.Ignored(key: path, reason: reason))
    }

    /// Ends the reading.
    ///
    /// - Throws: `CutisError` that lists every missing, mismatched, unexpected and not finite variable;
    ///   `.checkpointMismatch` where groups belong to other layers than the counting rule says.
    func finish() throws -> LoadReport {
        for path in Set(archive.tensors.keys).union(archive.unsupported.keys).subtracting(used).sorted() {
            if path.hasPrefix("optimizer/") || path.hasPrefix("_metrics/") || path.hasPrefix("metrics/") {
                report.ignored.append(LoadReport.Ignored(key: path, reason: "state of the training"))
            } else if path.contains("seed_generator") {
                report.ignored.append(LoadReport.Ignored(key: path, reason: "state of a random generator"))
            } else {
                report.unexpected.append(path)
            }
        }
        if let error = report.error { throw error }
        guard wrongGroups.isEmpty else {
            throw KerasFault(
                "its weights are not in the order of its layers: \(wrongGroups.prefix(10).joined(separator: "; "))",
                code: .checkpointMismatch)
        }
        return report
    }

    private func placeholder(_ shape: [Int?]) throws -> Tensor {
        try Tensor.zeros(shape.map { _ in 1 }, dtype: .float32, device: device)
    }
}
