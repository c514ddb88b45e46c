import ArgumentParser
import CutisCore
import CutisFormats
import CutisInference
import Foundation

/// `cutis merge`
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join the parts of a batch job that ran with --shard.",
        discussion: """
            EXAMPLES
              cutis classify photos/ --format csv --shard 0/2 --output part-0.csv
              cutis classify photos/ --format csv --shard 1/2 --output part-1.csv
              cutis merge part-*.csv --output answers.csv

            Beside each part lies a record of what it is (part-0.csv.shard.json). Parts are joined only when all are
            there, each once and unchanged, and all come from the same command, options, model and images. The result is
            what one run without --shard over the sorted images would have written.
            """)

    @Argument(help: ArgumentHelp("The outputs of all parts, in any order.", valueName: "part"))
    var parts: [String]

    @Option(name: .shortAndLong, help: ArgumentHelp("The joined file, of the parts' kind.", valueName: "file"))
    var output: String

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        guard !parts.isEmpty else { throw ValidationError("Give the outputs of all parts.") }
    }

    func run() throws {
        let set = try ShardSet(parts.map { URL(fileURLWithPath: $0) })
        let url = URL(fileURLWithPath: output)
        let kind = set.parts[0].record.settings["format"] ?? ""
        switch kind {
        case "json": try PartJoiner.joinJSON(set, to: url)
        case "jsonl": try PartJoiner.joinLines(set, hasHeader: false, to: url)
        case "csv": try PartJoiner.joinLines(set, hasHeader: true, to: url)
        case "safetensors": try PartJoiner.joinTensors(set, to: url)
        default:
            throw CutisError(
                .dataInvalid, "Parts of the kind '\(kind)' cannot be joined.",
                remedy: "Write the parts as json, jsonl, csv or safetensors.")
        }
        guard !quietness.quiet else { return }
        let refused = set.refused > 0 ? "; \(set.refused) images were refused" : ""
        printToStandardError("cutis: \(set.parts.count) parts, \(set.rows) answers in \(output)\(refused)")
    }
}
