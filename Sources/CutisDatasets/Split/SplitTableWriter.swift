import CutisCore
import Foundation

/// The lines of a split table.
struct SplitTableWriter {
    private let dataset: Dataset
    private let folds: [Int]?
    private let root: String
    private let imageCount: Int
    private let hasText: Bool
    private let facts: [(name: String, value: @Sendable (SampleFacts) -> String?)]
    private let isMultiLabel: Bool

    /// Facts by the name of their column; only those that some sample has are written.
    private static let columns: [(name: String, value: @Sendable (SampleFacts) -> String?)] = [
        ("patient_id", { $0.patientID }), ("lesion_id", { $0.lesionID }),
        ("age", { $0.age.map { Int(exactly: $0).map { String($0) } ?? String($0) } }), ("sex", { $0.sex }),
        ("site", { $0.site }), ("fitzpatrick", { $0.fitzpatrick.map { String($0) } }),
    ]

    init(_ dataset: Dataset, folds: [Int]?, root: URL) {
        self.dataset = dataset
        self.folds = folds
        let path = root.standardizedFileURL.path
        self.root = path.hasSuffix("/") ? path : path + "/"
        imageCount = dataset.samples.map(\.images.count).max() ?? 0
        hasText = dataset.samples.contains { $0.text != nil }
        isMultiLabel = dataset.samples.contains { $0.labels.count > 1 }
        let known = Self.columns.filter { column in dataset.samples.contains { column.value($0.facts) != nil } }
        // A column that is called like one of ours would occur twice.
        let taken = Set(["image", "case_id", "label", "split", "fold", "text"] + Self.columns.map(\.name))
        let others = Set(dataset.samples.flatMap { $0.facts.other.keys }).subtracting(taken).sorted()
        facts = known + others.map { name in (name: name, value: { $0.other[name] }) }
    }

    private var isCases: Bool { imageCount > 1 }

    var header: String {
        var names = isCases ? ["case_id"] + (1...imageCount).map { "image_\($0)_path" } : ["image"]
        if dataset.labels.count > 0 { names.append("label") }
        names.append(folds == nil ? "split" : "fold")
        if hasText { names.append("text") }
        return Self.line(names + facts.map(\.name))
    }

    func line(_ index: Int) -> String {
        let sample = dataset.samples[index]
        var fields = [sample.id]
        if isCases {
            fields += (0..<imageCount).map { $0 < sample.images.count ? path(sample.images[$0]) : "" }
        }
        if dataset.labels.count > 0 { fields.append(label(sample)) }
        fields.append(folds.map { String($0[index]) } ?? sample.split.map(\.tableName) ?? "")
        if hasText { fields.append(sample.text ?? "") }
        return Self.line(fields + facts.map { $0.value(sample.facts) ?? "" })
    }

    private func path(_ image: ImageLocation) -> String {
        switch image {
        case .file(let url): url.path.hasPrefix(root) ? String(url.path.dropFirst(root.count)) : url.path
        case .array(_, let name, let index): "\(name)/\(index)"
        }
    }

    private func label(_ sample: DatasetSample) -> String {
        let names = sample.labels.map { dataset.labels.labels[$0].id }
        if let weights = sample.labelWeights {
            let members = zip(names, weights).reduce(OrderedJSON.object([])) { $0.appending([$1.0: .number($1.1)]) }
            return members.text(pretty: false)
        }
        // A name that begins like a list would be read as one.
        let isList = isMultiLabel || names.first.map { $0.hasPrefix("[") || $0.hasPrefix("{") } ?? false
        guard isList, !names.isEmpty else { return names.first ?? "" }
        return OrderedJSON.array(names.map { .string($0) }).text(pretty: false)
    }

    private static func line(_ fields: [String]) -> String {
        fields.map(field).joined(separator: ",") + "\n"
    }

    /// One field, quoted where it must be (RFC 4180). Nothing is added to it: the table is read again.
    private static func field(_ text: String) -> String {
        guard text.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}

extension SplitName {
    /// The short name that tables use.
    var tableName: String { self == .validation ? "val" : rawValue }
}
