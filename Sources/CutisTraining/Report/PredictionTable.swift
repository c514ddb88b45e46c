import CutisCore
import Foundation

/// The calibrated probabilities of single images, as a table for later analysis and for cross-validation.
enum PredictionTable {
    /// One image.
    struct Row {
        let name: String
        let split: String
        let label: Int
        let probabilities: [Double]
    }

    /// Writes `image,split,label,<one column per class>` with one line per image.
    static func write(_ rows: [Row], labels: LabelSet, to url: URL) throws {
        var text = (["image", "split", "label"] + labels.labels.map { quoted($0.id) }).joined(separator: ",") + "\n"
        for row in rows {
            let numbers = row.probabilities.map { fixed($0, 6) }.joined(separator: ",")
            text += "\(quoted(row.name)),\(row.split),\(quoted(labels.labels[row.label].id)),\(numbers)\n"
        }
        try AtomicOutput.file(url, Data(text.utf8))
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: as `CSVTable`; `.dataInvalid` with the line that is none of a prediction.
    static func read(_ url: URL) throws -> [Row] {
        let table = try CSVTable(url)
        let classes = Array(table.columns.dropFirst(3))
        return try zip(table.rows, table.lines).map { fields, line in
            let numbers = fields.dropFirst(3).compactMap(Double.init)
            guard let label = classes.firstIndex(of: fields[2]), numbers.count == classes.count else {
                throw CutisError(
                    .dataInvalid, "Line \(line) of \(url.path) is no prediction.",
                    remedy: "Remove the run's folder and train it again.")
            }
            return Row(name: fields[0], split: fields[1], label: label, probabilities: numbers)
        }
    }

    private static func quoted(_ field: String) -> String {
        field.contains { "\",\n\r".contains($0) } ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
    }
}
