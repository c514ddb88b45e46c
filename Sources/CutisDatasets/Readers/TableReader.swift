import CutisCore
import Foundation

/// Reads tables with one row per image: plain CSV, HAM10000's metadata, and tables of image–text pairs.
struct TableReader {
    let table: CSVTable
    let folder: URL
    let options: DatasetReadOptions
    let kind: DatasetKind

    func read(source: URL) throws(CutisError) -> Dataset {
        let columns = table.columns
        let imageColumn = try position(FactColumns.image, "image")
        let labelColumn = try labelColumn()
        let textColumn = kind == .pairs ? try position(FactColumns.text, "text") : nil
        let splitColumn = FactColumns.position(of: FactColumns.split, in: columns)
        let used = Set([imageColumn, labelColumn, textColumn, splitColumn].compactMap { $0 })
        let factColumns = FactColumns(columns, used: used)
        let metadata = try options.metadata.map { (url) throws(CutisError) in
            try MetadataTable(url, limits: options.limits)
        }
        var locator = ImageLocator(base: options.images ?? folder)
        var collector = SampleCollector(options)
        for (row, line) in zip(table.rows, table.lines) {
            do throws(RowFault) {
                let name = row[imageColumn]
                let (labels, weights) =
                    try labelColumn.map { (column) throws(RowFault) in
                        try collector.labels(in: row[column])
                    } ?? ([], nil)
                var facts = try factColumns.facts(row, limits: options.limits)
                if let more = metadata?.facts(of: name) { facts.fill(from: more) }
                try collector.append(
                    DatasetSample(
                        id: name, images: [.file(try locator.locate(name))], labels: labels, labelWeights: weights,
                        split: try Self.split(splitColumn.map { row[$0] }), facts: facts,
                        text: try textColumn.map { (column) throws(RowFault) in
                            try Self.text(row[column], options.limits)
                        }))
            } catch {
                throw error.error(in: table.path, line: line)
            }
        }
        return collector.finish(source: source)
    }

    /// The part that a field names; an empty field names none.
    static func split(_ field: String?) throws(RowFault) -> SplitName? {
        guard let field, !field.isEmpty else { return nil }
        guard let split = SplitName(spelling: field) else {
            throw RowFault("the split '\(field.prefix(40))' is not one of train, val, test")
        }
        return split
    }

    static func text(_ field: String, _ limits: DatasetLimits) throws(RowFault) -> String {
        guard !field.isEmpty else { throw RowFault("the text is empty") }
        guard field.utf8.count <= limits.maximumFieldBytes else {
            throw RowFault("the text has more than \(limits.maximumFieldBytes) bytes")
        }
        return field
    }

    private func labelColumn() throws(CutisError) -> Int? {
        if let name = options.labelColumn { return try table.column(name) }
        if kind == .pairs { return nil }
        return try position(kind == .ham10000 ? ["dx"] : FactColumns.label, "label")
    }

    private func position(_ names: [String], _ meaning: String) throws(CutisError) -> Int {
        guard let column = FactColumns.position(of: names, in: table.columns) else {
            throw CutisError(
                .dataInvalid,
                "The table \(table.path) has no column for the \(meaning) (it has "
                    + "\(table.columns.prefix(40).joined(separator: ", "))).",
                remedy: "Name a column \(names.prefix(3).joined(separator: ", ")); `--label-column` names the label's.")
        }
        return column
    }
}

/// A second table with facts about images, joined by the image's name.
struct MetadataTable {
    private let rows: [String: SampleFacts]

    /// - Throws: as `CSVTable`; `.dataInvalid` with the line of a field that cannot be read.
    init(_ url: URL, limits: DatasetLimits) throws(CutisError) {
        let table = try CSVTable(url)
        let imageColumn = try FactColumns.required(FactColumns.image, in: table)
        let columns = FactColumns(table.columns, used: [imageColumn])
        var rows: [String: SampleFacts] = [:]
        rows.reserveCapacity(table.rows.count)
        for (row, line) in zip(table.rows, table.lines) {
            do throws(RowFault) {
                rows[Self.key(row[imageColumn])] = try columns.facts(row, limits: limits)
            } catch {
                throw error.error(in: table.path, line: line)
            }
        }
        self.rows = rows
    }

    /// What the table says of an image, or nil.
    func facts(of name: String) -> SampleFacts? {
        rows[Self.key(name)]
    }

    /// Names may differ by folder and ending.
    private static func key(_ name: String) -> String {
        let last = name.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(name[name.index(after: $0)...]) } ?? name
        guard ImageLocator.isImageName(last), let dot = last.lastIndex(of: ".") else { return last }
        return String(last[..<dot])
    }
}

extension SampleFacts {
    /// Takes over what is not known yet.
    mutating func fill(from more: SampleFacts) {
        patientID = patientID ?? more.patientID
        lesionID = lesionID ?? more.lesionID
        age = age ?? more.age
        sex = sex ?? more.sex
        site = site ?? more.site
        fitzpatrick = fitzpatrick ?? more.fitzpatrick
        other.merge(more.other) { own, _ in own }
    }
}
