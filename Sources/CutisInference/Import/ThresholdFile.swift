import CutisCore
import Foundation

/// Thresholds that a training run left beside its head.
enum ThresholdFile {
    private static let maximumBytes = 1 << 20

    /// Reads the thresholds that belong to a head.
    ///
    /// Looked for as `thresholds.json` in the head where that is a folder, in its folder, and in `metadata/` beside it
    /// or above it. Accepted:
    /// `{"threshold": 0.35}` for every class, `{"<id or name>": 0.47, …}`, the same under `thresholds`, and an array in
    /// the order of the outputs.
    ///
    /// - Returns: a threshold per label id; empty where there is no file.
    /// - Throws: `CutisError` with `.configInvalid` for a file that does not fit the labels.
    static func beside(_ head: URL, labels: LabelSet) throws(CutisError) -> [String: Double] {
        let folder = head.deletingLastPathComponent()
        let places =
            [head, folder, folder.appendingPathComponent("metadata")]
            + [folder.deletingLastPathComponent().appendingPathComponent("metadata")]
        let files = places.map { $0.appendingPathComponent("thresholds.json") }
        guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else { return [:] }
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            throw CutisError(.fileUnreadable, "Cannot read \(file.path).", remedy: "Check its permissions.")
        }
        defer { try? handle.close() }
        let data = (try? handle.read(upToCount: maximumBytes)) ?? Data()
        return try parse(data, labels: labels, path: file.path)
    }

    static func parse(_ data: Data, labels: LabelSet, path: String) throws(CutisError) -> [String: Double] {
        let json = try? JSONSerialization.jsonObject(with: data)
        let inner = (json as? [String: Any])?["thresholds"] ?? json
        var found: [String: Double] = [:]
        if let list = inner as? [Double] {
            guard list.count == labels.count else {
                throw invalid(path, "it holds \(list.count) thresholds for \(labels.count) classes")
            }
            for (label, value) in zip(labels.labels, list) { found[label.id] = value }
        } else if let table = inner as? [String: Any] {
            let all = (table["threshold"] ?? table["default"]) as? Double
            for label in labels.labels {
                found[label.id] = (table[label.id] ?? table[label.label]) as? Double ?? all
            }
            guard !found.isEmpty else { throw invalid(path, "it names none of the classes") }
        } else {
            throw invalid(path, "it is neither an object nor an array of numbers")
        }
        for (id, value) in found where !(0...1).contains(value) {
            throw invalid(path, "the threshold of \(id) is \(value), outside 0…1")
        }
        return found
    }

    private static func invalid(_ path: String, _ what: String) -> CutisError {
        CutisError(
            .configInvalid, "\(path) cannot be used: \(what).",
            remedy: "Correct it, move it away, or give --threshold.")
    }
}
