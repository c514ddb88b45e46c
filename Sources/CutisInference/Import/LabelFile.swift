public import CutisCore
public import Foundation

/// Reads the classes of a model from a file that a person or a training script wrote.
public enum LabelFile {
    private static let maximumBytes = 4 << 20
    private static let maximumCount = 100_000

    /// Reads labels in the order of the model's outputs.
    ///
    /// Accepted: JSON arrays of names or of `{"id", "label", "code"}`; JSON objects `{"0": "name", …}` (`id2label`); text
    /// with one name a line.
    ///
    /// - Throws: `CutisError`: `.fileNotFound`, `.fileUnreadable`, `.configInvalid` with what is wrong.
    public static func read(_ url: URL) throws(CutisError) -> LabelSet {
        guard let handle = try? FileHandle(forReadingFrom: url) else {
            throw CutisError(.fileNotFound, "Cannot read the labels at \(url.path).", remedy: "Check the path.")
        }
        defer { try? handle.close() }
        let data = (try? handle.read(upToCount: maximumBytes + 1)) ?? Data()
        guard data.count <= maximumBytes else { throw invalid(url, "it is larger than \(maximumBytes >> 20) MB") }
        let labels = try parse(data, at: url)
        guard !labels.isEmpty else { throw invalid(url, "it names no class") }
        guard labels.count <= maximumCount else { throw invalid(url, "it names more than \(maximumCount) classes") }
        var seen: Set<String> = []
        for label in labels where !seen.insert(label.id).inserted {
            throw invalid(url, "the class \(label.id) occurs twice")
        }
        return LabelSet(labels)
    }

    /// Labels from plain names; each id is the name in lower case with underscores.
    public static func labels(named names: [String]) -> LabelSet {
        LabelSet(
            names.map { name in
                let id = name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" }
                return DiagnosisLabel(id: String(id), label: name)
            })
    }

    private static func parse(_ data: Data, at url: URL) throws(CutisError) -> [DiagnosisLabel] {
        let decoder = JSONDecoder()
        if let labels = try? decoder.decode([DiagnosisLabel].self, from: data) { return labels }
        if let names = try? decoder.decode([String].self, from: data) { return labels(named: names).labels }
        if let numbered = try? decoder.decode([String: String].self, from: data) {
            let ordered = (0..<numbered.count).compactMap { numbered[String($0)] }
            guard ordered.count == numbered.count else {
                throw invalid(url, "its keys are not the numbers 0 to \(numbered.count - 1)")
            }
            return labels(named: ordered).labels
        }
        guard let text = String(data: data, encoding: .utf8), text.first != "{", text.first != "[" else {
            throw invalid(url, "it is neither JSON with names nor text with one name a line")
        }
        let names = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        return labels(named: names.filter { !$0.isEmpty }).labels
    }

    private static func invalid(_ url: URL, _ what: String) -> CutisError {
        CutisError(
            .configInvalid, "The labels at \(url.path) cannot be used: \(what).",
            remedy: "Give a JSON array of names (or of {id, label, code}), or text with one name a line.")
    }
}
