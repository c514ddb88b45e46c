import ArgumentParser
import CutisCore
import CutisDatasets
import Foundation

/// `cutis data diff`
struct DataDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two versions of a data set: added, removed, changed, relabelled, moved between splits.",
        discussion: """
            EXAMPLES
              cutis data diff v1.json v2.json
              cutis data diff v1.json ham10000/ --format json
            """)

    @Argument(help: ArgumentHelp("A manifest (.json) or a data set.", valueName: "old"))
    var old: String

    @Argument(help: ArgumentHelp("A manifest (.json) or a data set.", valueName: "new"))
    var new: String

    @OptionGroup var options: DatasetOptions

    @Option(help: "text or json.")
    var format: DataFormat = .text

    @OptionGroup var quietness: QuietnessOptions

    func run() async throws {
        let diff = ManifestDiff(from: try manifest(old), to: try manifest(new))
        try StandardOutput.write(format == .json ? diff.json.text() + "\n" : text(diff))
    }

    private func manifest(_ path: String) throws -> DatasetManifest {
        if path.lowercased().hasSuffix(".json") { return try DatasetManifest(URL(fileURLWithPath: path)) }
        let data = try options.read(path)
        let progress = ProgressReporter("hashed", unit: "samples", total: data.samples.count, quiet: quietness.quiet)
        defer { progress.finish() }
        return try DatasetManifest(data, relativeTo: options.root(of: path)) { progress.advance(by: $0) }
    }

    private func text(_ diff: ManifestDiff) -> String {
        guard !diff.isEmpty else { return "no difference\n" }
        var lines: [String] = []
        if let classes = diff.classes {
            lines.append("classes     \(classes.old.joined(separator: ", ")) → \(classes.new.joined(separator: ", "))")
        }
        lines += section("added", diff.added)
        lines += section("removed", diff.removed)
        lines += section("changed", diff.changed)
        lines += section("relabelled", diff.relabelled.map { "\($0.id): \($0.old) → \($0.new)" })
        lines += section("moved", diff.moved.map { "\($0.id): \($0.old) → \($0.new)" })
        return lines.map { OneLine.text($0) }.joined(separator: "\n") + "\n"
    }

    /// A terminal shows the first ten; JSON has all.
    private func section(_ title: String, _ items: [String]) -> [String] {
        guard !items.isEmpty else { return [] }
        let more = items.count > 10 ? ["  … and \(items.count - 10) more (--format json lists all)"] : []
        return ["\(title.padding(toLength: 12, withPad: " ", startingAt: 0))\(items.count)"]
            + items.prefix(10).map { "  " + $0 } + more
    }
}
