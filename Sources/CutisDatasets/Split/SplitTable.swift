public import CutisCore
public import Foundation

/// A table that says which part or fold each sample of a data set is in.
///
/// It is a complete table of the data set too: `DatasetReader` reads it where images are files.
public struct SplitTable: Sendable {
    private let splits: [String: SplitName]
    private let folds: [String: Int]
    private let path: String

    /// Reads the columns `image` (or `case_id`) and `split` or `fold`.
    ///
    /// - Throws: as `CSVTable`; `.dataInvalid` with the line of a split or fold that is none.
    public init(_ url: URL) throws(CutisError) {
        let table = try CSVTable(url)
        let idColumn = try FactColumns.required(["case_id"] + FactColumns.image, in: table)
        let splitColumn = FactColumns.position(of: FactColumns.split, in: table.columns)
        let foldColumn = FactColumns.position(of: ["fold"], in: table.columns)
        guard splitColumn != nil || foldColumn != nil else {
            throw CutisError(
                .dataInvalid, "The table \(url.path) has neither a column 'split' nor 'fold'.",
                remedy: "Make one with `cutis data split`.")
        }
        var splits: [String: SplitName] = [:]
        var folds: [String: Int] = [:]
        for (row, line) in zip(table.rows, table.lines) {
            do throws(RowFault) {
                if let split = try TableReader.split(splitColumn.map { row[$0] }) { splits[row[idColumn]] = split }
                guard let foldColumn else { continue }
                guard let fold = Int(row[foldColumn]), (0..<100).contains(fold) else {
                    throw RowFault("the fold '\(row[foldColumn].prefix(40))' is not a number below 100")
                }
                folds[row[idColumn]] = fold
            } catch {
                throw error.error(in: table.path, line: line)
            }
        }
        self.splits = splits
        self.folds = folds
        path = url.path
    }

    /// The data set with the parts of this table; a sample that the table does not name is in none.
    ///
    /// - Throws: `.dataInvalid` where the table names none of the samples.
    public func assigning(to dataset: Dataset) throws(CutisError) -> Dataset {
        let samples = dataset.samples.map { sample in
            var sample = sample
            sample.split = splits[sample.id]
            return sample
        }
        guard samples.contains(where: { $0.split != nil }) else {
            throw .unusable(path, "it gives no split for \(dataset.source.path)", remedy: "Name the right table.")
        }
        return Dataset(source: dataset.source, labels: dataset.labels, samples: samples)
    }

    /// The fold of each sample; nil for samples that the table does not name.
    public func folds(of dataset: Dataset) -> [Int?] {
        dataset.samples.map { folds[$0.id] }
    }

    /// Writes a data set with its splits, or with folds, whole or not at all.
    ///
    /// - Parameters:
    ///   - root: the folder that paths of a case's images are written relative to.
    ///   - folds: one per sample; the column is `fold` then instead of `split`.
    /// - Throws: what `AtomicOutput.file` throws.
    public static func write(_ dataset: Dataset, folds: [Int]? = nil, relativeTo root: URL, to url: URL) throws {
        let writer = SplitTableWriter(dataset, folds: folds, root: root)
        try AtomicOutput.file(url) { handle in
            var text = writer.header
            for index in dataset.samples.indices {
                text += writer.line(index)
                if text.utf8.count > 1 << 20 {
                    try handle.write(contentsOf: Data(text.utf8))
                    text = ""
                }
            }
            try handle.write(contentsOf: Data(text.utf8))
        }
    }
}
