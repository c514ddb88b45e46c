import CutisCore
import CutisFormats
import CutisInference
import CutisModels
import Foundation

/// What `cutis inspect` shows of a checkpoint or a bundle.
struct Inspection {
    let archive: any TensorArchive
    let bundle: ModelBundle?

    private var descriptions: [TensorDescription] {
        archive.tensors.values.sorted { $0.name.localizedStandardCompare($1.name) == .orderedAscending }
    }

    private var dialect: String? { bundle?.manifest.keyLayout ?? DialectSniffer.detect(archive)?.title }

    private var numberCount: Int { descriptions.reduce(0) { $0 + $1.elementCount } }

    private var types: String {
        Dictionary(grouping: descriptions, by: \.elementType).map { "\($0.key.rawValue) × \($0.value.count)" }
            .sorted().joined(separator: ", ")
    }

    /// For scripts.
    var json: OrderedJSON {
        let tensors = descriptions.map { tensor in
            OrderedJSON.object([
                "name": .string(tensor.name), "dtype": .string(tensor.elementType.rawValue),
                "shape": .array(tensor.shape.map { .integer($0) }),
            ])
        }
        let metadata = archive.metadata.sorted { $0.key < $1.key }.map { key, value in
            OrderedJSON.object(["key": .string(key), "value": .string(value)])
        }
        return .object([
            "path": .string(archive.path), "format": .string(archive.format.rawValue),
            "dialect": .optional(dialect), "parameters": .integer(numberCount),
            "model": .optional(bundle?.manifest.id), "version": .optional(bundle?.manifest.version),
            "task": .optional(bundle?.manifest.task.rawValue), "licence": .optional(bundle?.manifest.licence),
            "labels": .array((bundle?.manifest.labels.labels ?? []).map { .string($0.id) }),
            "metadata": .array(metadata), "tensors": .array(tensors),
        ])
    }

    /// For people.
    var text: String {
        var lines: [String] = []
        if let manifest = bundle?.manifest {
            lines += [
                "bundle      \(manifest.id) \(manifest.version) (\(manifest.task.rawValue))",
                "labels      \(manifest.labels.labels.map(\.id).joined(separator: ", "))",
                "licence     \(manifest.licence)",
                "use         \(manifest.intendedUse)",
                "data        \(manifest.trainingData)",
            ]
        }
        lines += [
            "file        \(archive.path)",
            "format      \(archive.format.title)",
            "dialect     \(dialect ?? "not recognised")",
            "tensors     \(descriptions.count) (\(types)), \(numberCount) numbers",
        ]
        for (key, value) in archive.metadata.sorted(by: { $0.key < $1.key }) {
            lines.append("metadata    \(printable(key)) = \(printable(String(value.prefix(200))))")
        }
        for (name, reason) in archive.unsupported.sorted(by: { $0.key < $1.key }) {
            lines.append("not read    \(printable(name)): \(reason)")
        }
        let width = min(descriptions.map(\.name.count).max() ?? 0, 80)
        for tensor in descriptions {
            let name = printable(tensor.name).padding(
                toLength: max(width, tensor.name.count), withPad: " ", startingAt: 0)
            let shape = tensor.shape.map(String.init).joined(separator: " × ")
            lines.append("  \(name)  \(tensor.elementType.rawValue)  \(shape.isEmpty ? "scalar" : shape)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Names come from the file: control characters could rewrite the terminal.
    private func printable(_ text: String) -> String {
        String(
            text.map { $0.isNewline || ($0.unicodeScalars.first?.properties.generalCategory == .control) ? "?" : $0 })
    }
}
