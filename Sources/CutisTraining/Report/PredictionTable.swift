package import CutisCore
package import Foundation

/// The calibrated probabilities of single images, as a table for later analysis and for cross-validation.
package enum PredictionTable {
    /// One image.
    package struct Row: Sendable {
        /// The sample's name.
        package let name: String
        /// Its part of the data; empty where it has none.
        package let split: String
        /// Its class.
        package let label: Int
        /// Of each class.
        package let probabilities: [Double]

        /// Joins the parts; probabilities are rounded to the six digits that a table has, so that figures of a table
        /// that was read back are those of the run.
        package init(name: String, split: String, label: Int, probabilities: [Double]) {
            self.name = name
            self.split = split
            self.label = label
            self.probabilities = probabilities.map { ($0 * 1e6).rounded() / 1e6 }
        }
    }

    /// Writes `image,split,label,<one column per class>` with one line per image.
    package static func write(_ rows: [Row], labels: LabelSet, to url: URL) throws {
        var text = (["image", "split", "label"] + labels.labels.map { quoted($0.id) }).joined(separator: ",") + "\n"
        for row in rows {
            let numbers = row.probabilities.map { fixed($0, 6) }.joined(separator: ",")
            text += "\(quoted(row.name)),\(row.split),\(quoted(labels.labels[row.label].id)),\(numbers)\n"
        }
        try AtomicOutput.file(url, Data(text.utf8))
    }

    /// Reads what `write` wrote.
    ///
    /// - Parameter labels: the classes, which must be the table's columns.
    /// - Throws: as `CSVTable`; `.dataInvalid` for other classes, and with the line that is none of a prediction or is the
    ///   second one of an image.
    package static func read(_ url: URL, labels: LabelSet) throws -> [Row] {
        let table = try CSVTable(url)
        let classes = labels.labels.map(\.id)
        guard table.columns == ["image", "split", "label"] + classes else {
            throw CutisError(
                .dataInvalid,
                "\(url.path) is no table of predictions of the classes \(classes.joined(separator: ", ")).",
                remedy: "Give what `cutis train`, `cutis evaluate` or `cutis merge` wrote for this model's classes.")
        }
        var names: Set<String> = []
        return try zip(table.rows, table.lines).map { fields, line in
            let numbers = fields.dropFirst(3).compactMap(Double.init)
            guard let label = classes.firstIndex(of: fields[2]), numbers.count == classes.count,
                numbers.allSatisfy({ (0...1).contains($0) })
            else {
                throw CutisError(
                    .dataInvalid, "Line \(line) of \(url.path) is no prediction.",
                    remedy: "Make the table again.")
            }
            guard names.insert(fields[0]).inserted else {
                throw CutisError(
                    .dataInvalid, "Line \(line) of \(url.path) is a second prediction of \(fields[0]).",
                    remedy: "Keep one of them, or make the table again.")
            }
            return Row(name: fields[0], split: fields[1], label: label, probabilities: numbers)
        }
    }

    private static func quoted(_ field: String) -> String {
        field.contains { "\",\n\r".contains($0) } ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
    }
}
