import CutisCore
import Foundation

/// The calibrated probabilities of single images, as a table for later analysis.
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

    private static func quoted(_ field: String) -> String {
        field.contains { "\",\n\r".contains($0) } ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
    }
}
