import CutisCore
import Foundation

/// Writes classifications in one of the documented formats, each as soon as it is there where the format allows it.
final class ClassificationWriter {
    private let format: ClassifyCommand.Format
    private let top: Int?
    private let labels: LabelSet
    private let isSingle: Bool
    private let output: URL?
    private var collected: [OrderedJSON] = []
    private var wroteHeader = false
    private var pending = Data()
    /// Answers so far, refusals among them.
    private(set) var rows = 0

    /// - Parameter output: the file that `finish` writes; nil for standard output, at once.
    init(format: ClassifyCommand.Format, top: Int?, labels: LabelSet, isSingle: Bool, output: URL? = nil) {
        self.output = output
        self.format = format
        self.top = top
        self.labels = labels
        self.isSingle = isSingle
    }

    func write(_ answer: Classification) throws {
        rows += 1
        switch format {
        case .json: collected.append(answer.json(top: top))
        case .jsonl: try put(answer.json(top: top).text(pretty: false) + "\n")
        case .csv:
            let byLabel = Dictionary(
                answer.classes.map { ($0.label.id, $0.probability) }, uniquingKeysWith: { first, _ in first })
            let primary = answer.classes.first
            try writeCSV(
                [
                    answer.image, answer.model.id, answer.model.version, primary?.label.id ?? "",
                    primary?.label.label ?? "",
                ]
                    + [primary.map { number($0.probability) } ?? ""]
                    + labels.labels.map { byLabel[$0.id].map(number) ?? "" } + [""])
        case .table:
            try put(table(answer))
        }
    }

    func write(_ error: CutisError, image: String) throws {
        rows += 1
        let json = OrderedJSON.object([
            "image": .string(image),
            "error": .object([
                "code": .string(error.code.rawValue), "message": .string(error.message),
                "remedy": .string(error.remedy),
            ]),
        ])
        switch format {
        case .json: collected.append(json)
        case .jsonl: try put(json.text(pretty: false) + "\n")
        case .csv:
            try writeCSV([image] + Array(repeating: "", count: 5 + labels.count) + [error.code.rawValue])
        case .table: try put("\(image)\n  refused: \(error.message)\n\n")
        }
    }

    func finish() throws {
        if format == .json {
            if isSingle, let only = collected.first {
                try put(only.text() + "\n")
            } else {
                try put(OrderedJSON.array(collected).text() + "\n")
            }
        }
        if let output { try AtomicOutput.file(output, pending) }
    }

    private func put(_ text: String) throws {
        guard output != nil else { return try StandardOutput.write(text) }
        pending.append(contentsOf: text.utf8)
    }

    private func writeCSV(_ fields: [String]) throws {
        if !wroteHeader {
            wroteHeader = true
            let header =
                ["image", "model", "version", "primary_id", "primary_label", "primary_probability"]
                + labels.labels.map { "p_\($0.id)" } + ["error"]
            try put(header.map(StandardOutput.csvField).joined(separator: ",") + "\n")
        }
        try put(fields.map(StandardOutput.csvField).joined(separator: ",") + "\n")
    }

    private func table(_ answer: Classification) -> String {
        let shown = answer.classes.prefix(top ?? answer.classes.count)
        let width = shown.map { $0.label.label.count }.max() ?? 0
        var text = "\(answer.image)\n"
        for item in shown {
            let name = item.label.label.padding(toLength: width, withPad: " ", startingAt: 0)
            let bar = String(repeating: "█", count: Int((item.probability * 24).rounded()))
            text += "  \(name)  \(String(format: "%6.2f %%", item.probability * 100))  \(bar)\n"
        }
        text += "  \(answer.recommendation)\n"
        let model = "\(answer.model.id) \(answer.model.version)"
        return text + "  \(model), \(String(format: "%.0f", answer.latencyMilliseconds)) ms\n\n"
    }

    private func number(_ value: Double) -> String { String(format: "%.6f", value) }
}
