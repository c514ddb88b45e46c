import CutisCore
import Foundation

/// Reads tables with one 0/1 column per class: the ground truth of the ISIC challenges of 2018 and 2019.
struct OneHotReader {
    let table: CSVTable
    let folder: URL
    let options: DatasetReadOptions

    /// Columns of such tables that are no classes.
    private static let weightColumns = ["score_weight", "validation_weight"]

    /// Whether a table has this form: an image, no label, and nothing but zeros and ones in three columns or more.
    static func fits(_ table: CSVTable) -> Bool {
        guard let image = FactColumns.position(of: FactColumns.image, in: table.columns),
            FactColumns.position(of: FactColumns.label, in: table.columns) == nil, let row = table.rows.first
        else { return false }
        let classes = classColumns(table.columns, image: image)
        return classes.count >= 3 && classes.allSatisfy { value(row[$0]) != nil }
    }

    func read(source: URL) throws(CutisError) -> Dataset {
        let imageColumn = try FactColumns.required(FactColumns.image, in: table)
        var classes = Self.classColumns(table.columns, image: imageColumn)
        guard classes.count >= 2 else {
            throw CutisError(
                .dataInvalid, "The table \(table.path) has fewer than two class columns.",
                remedy: "Give one 0/1 column per class, or read it with `--kind csv`.")
        }
        // UNK of ISIC 2019 stands for what only the test set has.
        if let unknown = classes.first(where: { table.columns[$0] == "UNK" }),
            table.rows.allSatisfy({ Self.value($0[unknown]) == 0 })
        {
            classes.removeAll { $0 == unknown }
        }
        let (labels, order) = try classIndices(of: classes)
        let metadata = try metadataTable()
        let factColumns = FactColumns(table.columns, used: Set(table.columns.indices))
        var locator = ImageLocator(base: options.images ?? folder)
        var fixed = options
        fixed.labels = labels
        var collector = SampleCollector(fixed)
        for (row, line) in zip(table.rows, table.lines) {
            do throws(RowFault) {
                let name = row[imageColumn]
                let label = try Self.label(row, classes, table.columns)
                var facts = try factColumns.facts(row, limits: options.limits)
                if let more = metadata?.facts(of: name) { facts.fill(from: more) }
                try collector.append(
                    DatasetSample(
                        id: name, images: [.file(try locator.locate(name))], labels: [order[label]], facts: facts))
            } catch {
                throw error.error(in: table.path, line: line)
            }
        }
        return collector.finish(source: source)
    }

    private static func classColumns(_ columns: [String], image: Int) -> [Int] {
        columns.indices.filter { $0 != image && !weightColumns.contains(columns[$0].lowercased()) }
    }

    private static func value(_ field: String) -> Double? {
        switch field {
        case "0", "0.0": 0
        case "1", "1.0": 1
        default: nil
        }
    }

    private static func label(_ row: [String], _ classes: [Int], _ names: [String]) throws(RowFault) -> Int {
        var found: Int?
        for (index, column) in classes.enumerated() {
            guard let value = value(row[column]) else {
                throw RowFault("the class column '\(names[column])' holds '\(row[column].prefix(40))', not 0 or 1")
            }
            guard value == 1 else { continue }
            guard found == nil else { throw RowFault("more than one class is 1") }
            found = index
        }
        guard let found else { throw RowFault("no class is 1") }
        return found
    }

    /// The label set, and the index in it of each class column.
    private func classIndices(of classes: [Int]) throws(CutisError) -> (LabelSet, [Int]) {
        let names = classes.map { table.columns[$0] }
        guard let labels = options.labels else {
            return (LabelSet(names.map { DiagnosisLabel(id: $0, label: $0) }), Array(names.indices))
        }
        var order: [Int] = []
        for name in names {
            guard let index = labels.index(of: name) ?? labels.index(of: name.lowercased()) else {
                let known = labels.labels.map(\.id).joined(separator: ", ")
                throw RowFault("the class column '\(name)' is not one of \(known)").error(in: table.path, line: 1)
            }
            order.append(index)
        }
        return (labels, order)
    }

    /// The metadata that was named, or that the challenges put beside the ground truth.
    private func metadataTable() throws(CutisError) -> MetadataTable? {
        if let url = options.metadata { return try MetadataTable(url, limits: options.limits) }
        let name = URL(fileURLWithPath: table.path).deletingPathExtension().lastPathComponent
        guard let suffix = name.range(of: "_GroundTruth", options: [.caseInsensitive, .backwards]) else { return nil }
        let stem = name[..<suffix.lowerBound]
        for ending in ["_Metadata.csv", "_LesionGroupings.csv"] {
            let url = folder.appendingPathComponent(stem + ending)
            if FileManager.default.fileExists(atPath: url.path) {
                return try MetadataTable(url, limits: options.limits)
            }
        }
        return nil
    }
}
