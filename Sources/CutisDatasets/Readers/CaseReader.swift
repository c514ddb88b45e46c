import CutisCore
import CutisFormats
import Foundation

/// Reads tables with one row per case of one to three images, as of SCIN (Ward et al. 2024).
struct CaseReader {
    let table: CSVTable
    let folder: URL
    let options: DatasetReadOptions

    private static let caseColumns = ["case_id", "case"]
    private static let labelColumns =
        FactColumns.label + [
            "labels", "weighted_skin_condition_label", "dermatologist_skin_condition_on_label_name",
        ]
    private static let weightColumns = ["label_weights", "weights", "dermatologist_skin_condition_confidence"]
    private static let graderTypes = (1...3).map { "dermatologist_fitzpatrick_skin_type_label_\($0)" }

    /// Whether a table has this form.
    static func fits(_ columns: [String]) -> Bool {
        columns.contains { imageNumber($0) != nil }
    }

    func read(source: URL) throws(CutisError) -> Dataset {
        let columns = table.columns
        let images = try imageColumns()
        let caseColumn = try FactColumns.required(Self.caseColumns, in: table)
        let splitColumn = FactColumns.position(of: FactColumns.split, in: columns)
        let answers = try labelTable(caseColumn)
        let isDone = Set(images + [caseColumn] + [splitColumn, answers.column, answers.weights].compactMap { $0 })
        let used = answers.rows == nil ? isDone : Set(images + [caseColumn] + [splitColumn].compactMap { $0 })
        let factColumns = FactColumns(columns, used: used)
        var locator = ImageLocator(base: options.images ?? folder)
        var collector = SampleCollector(options)
        for (row, line) in zip(table.rows, table.lines) {
            do throws(RowFault) {
                let id = row[caseColumn]
                guard !id.isEmpty else { throw RowFault("the case has no identifier") }
                let locations = try images.filter { !row[$0].isEmpty }.map { (column) throws(RowFault) in
                    ImageLocation.file(try locator.locate(row[column]))
                }
                guard !locations.isEmpty else { throw RowFault("the case \(quoted(id)) has no image") }
                let answer = answers.rows.map { $0[id] } ?? row
                let (labels, weights) = try collector.labels(
                    in: answers.column.flatMap { answer?[$0] } ?? "",
                    weights: answers.weights.flatMap { answer?[$0] })
                var facts = try factColumns.facts(row, limits: options.limits)
                if facts.fitzpatrick == nil { facts.fitzpatrick = graderType(answer, answers.graders) }
                try collector.append(
                    DatasetSample(
                        id: id, images: locations, labels: labels, labelWeights: weights,
                        split: try TableReader.split(splitColumn.map { row[$0] }), facts: facts))
            } catch {
                throw error.error(in: table.path, line: line)
            }
        }
        return collector.finish(source: source)
    }

    /// `image_1_path`, `image_2`, `image3` …: the number.
    private static func imageNumber(_ column: String) -> Int? {
        var name = column.lowercased()[...]
        guard name.hasPrefix("image") else { return nil }
        name = name.dropFirst(5)
        if name.hasSuffix("_path") { name = name.dropLast(5) }
        if name.hasPrefix("_") { name = name.dropFirst() }
        return name.utf8.count <= 3 ? Int(name) : nil
    }

    private func imageColumns() throws(CutisError) -> [Int] {
        let numbered = table.columns.enumerated().compactMap { index, name in
            Self.imageNumber(name).map { (number: $0, index: index) }
        }
        guard !numbered.isEmpty, numbered.count <= DatasetLimits.maximumImagesPerCase else {
            throw CutisError(
                .dataInvalid,
                "The table \(table.path) has \(numbered.count) image columns; a case has one to three images.",
                remedy: "Name the columns image_1_path, image_2_path, image_3_path.")
        }
        return numbered.sorted { $0.number < $1.number }.map(\.index)
    }

    /// Where the labels are: in this table, or in `…labels.csv` beside `…cases.csv`, by case.
    private struct Answers {
        var column: Int?
        var weights: Int?
        var graders: [Int]
        var rows: [String: [String]]?
    }

    private func labelTable(_ caseColumn: Int) throws(CutisError) -> Answers {
        let own = answers(in: table)
        if own.column != nil { return own }
        let name = URL(fileURLWithPath: table.path).lastPathComponent
        let other = folder.appendingPathComponent(name.replacingOccurrences(of: "cases", with: "labels"))
        guard other.lastPathComponent != name, FileManager.default.fileExists(atPath: other.path) else {
            return Answers(column: nil, weights: nil, graders: [], rows: nil)
        }
        let second = try CSVTable(other)
        let key = try FactColumns.required(Self.caseColumns, in: second)
        var answers = answers(in: second)
        guard answers.column != nil else {
            throw CutisError(
                .dataInvalid, "The table \(second.path) has no column for the labels.",
                remedy: "Name one labels, or name it with `--label-column`.")
        }
        var rows: [String: [String]] = [:]
        for (row, line) in zip(second.rows, second.lines) {
            guard rows.updateValue(row, forKey: row[key]) == nil else {
                throw RowFault("the case \(quoted(row[key])) is named a second time").error(
                    in: second.path, line: line)
            }
        }
        answers.rows = rows
        return answers
    }

    private func answers(in table: CSVTable) -> Answers {
        var column = FactColumns.position(of: Self.labelColumns, in: table.columns)
        if let name = options.labelColumn { column = table.columns.firstIndex(of: name) }
        return Answers(
            column: column, weights: FactColumns.position(of: Self.weightColumns, in: table.columns),
            graders: Self.graderTypes.compactMap { table.columns.firstIndex(of: $0) }, rows: nil)
    }

    /// The middle one of the dermatologists' skin types, where the patient gave none.
    private func graderType(_ row: [String]?, _ columns: [Int]) -> Int? {
        guard let row else { return nil }
        let types = columns.compactMap { column in
            row[column].hasPrefix("FST") ? Int(row[column].dropFirst(3)) : nil
        }.filter { (1...6).contains($0) }.sorted()
        return types.isEmpty ? nil : types[(types.count - 1) / 2]
    }
}
