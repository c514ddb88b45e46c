import CutisCore
import Foundation

/// The calibrated probabilities of single images, as a table for later analysis.
enum PredictionTable {
    /// Writes `image,split,dx,<one column per class>` with one line per image.
    static func write(
        _ parts: [(name: String, images: [LesionImage], probabilities: [[Double]])], labels: LabelSet, to url: URL
    ) throws {
        var text = "image,split,dx," + labels.labels.map(\.id).joined(separator: ",") + "\n"
        for part in parts {
            for (image, row) in zip(part.images, part.probabilities) {
                let numbers = row.map { fixed($0, 6) }.joined(separator: ",")
                text += "\(image.name),\(part.name),\(labels.labels[image.label].id),\(numbers)\n"
            }
        }
        try AtomicOutput.file(url, Data(text.utf8))
    }
}
