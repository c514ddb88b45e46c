import ArgumentParser
import CutisCore
import CutisDatasets
import Foundation

/// `cutis data check`
struct DataCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find what would spoil a training: damaged files, duplicates, contradictions, leaks between splits.",
        discussion: """
            EXAMPLES
              cutis data check ham10000/
              cutis data check photos/ --labels benign,malignant --positive malignant
              cutis data check table.csv --images photos/ --format json --output report.json

            Errors make the exit code 3; warnings do not. Near-duplicates are found by a perceptual hash, which is a
            hint and no proof, so they are warnings.
            """)

    @Argument(help: ArgumentHelp("A folder, a table or an archive.", valueName: "dataset"))
    var dataset: String

    @OptionGroup var options: DatasetOptions

    @Option(help: ArgumentHelp("The only labels that there may be, separated by commas.", valueName: "a,b,c"))
    var labels: String?

    @Option(help: ArgumentHelp("The class that no split may lack.", valueName: "label"))
    var positive: String?

    @Flag(help: "Accept a patient, lesion or image in two splits (a warning remains).")
    var allowLeak = false

    @Option(
        help: ArgumentHelp("Bits in which the hashes of near-duplicates may differ (0 to 15).", valueName: "bits"))
    var near: Int = 8

    @Flag(help: "Do not search near-duplicates.")
    var noNear = false

    @Flag(help: "Find turned and mirrored copies too.")
    var orientations = false

    @Flag(help: "Check the table only; the images need not be there.")
    var noImages = false

    @Option(help: ArgumentHelp("Threads that decode; one per core unless told.", valueName: "n"))
    var threads: Int?

    @Option(help: "text or json.")
    var format: DataFormat = .text

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the report as JSON to this file.", valueName: "file"))
    var output: String?

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        guard (0...15).contains(near) else { throw ValidationError("--near must be between 0 and 15.") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024.")
        }
    }

    func run() async throws {
        let data = try options.read(dataset, keepsRepeats: true)
        let names = labels?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let check = DatasetCheck(
            labels: names, positive: positive, allowsLeak: allowLeak, readsImages: !noImages,
            nearDistance: noNear ? nil : near, matchesOrientations: orientations, workers: threads)
        let count = data.samples.reduce(0) { $0 + $1.images.count }
        let progress = ProgressReporter("checked", unit: "images", total: count, quiet: quietness.quiet || noImages)
        let report = try check.run(data) { progress.advance(by: $0) }
        progress.finish()
        let json = report.json.text() + "\n"
        if let output { try AtomicOutput.file(URL(fileURLWithPath: output), Data(json.utf8)) }
        try StandardOutput.write(format == .json ? json : CheckText(report: report).text)
        guard report.errors.isEmpty else { throw refusal(report) }
    }

    private func refusal(_ report: DatasetReport) -> CutisError {
        let kinds = Set(report.errors.map(\.kind))
        let remedy =
            kinds == [.missing]
            ? "Name the folder of the images with `--images`, or check the table alone with `--no-images`."
            : kinds.isSubset(of: [.patientLeak, .lesionLeak, .duplicateLeak])
                ? "Split it again (`cutis data split`), or accept the leaks with `--allow-leak`."
                : "Mend the data set and check it again."
        return CutisError(
            .dataInvalid, "\(dataset) has \(CheckText.count(report.errors.count, "error")) (listed above).",
            remedy: remedy)
    }
}

/// The report of `cutis data check` for people.
struct CheckText {
    let report: DatasetReport

    /// Findings of one kind that are written out; JSON has all.
    private static let shown = 5

    var text: String {
        (facts + [""] + classTable + [""] + findings).joined(separator: "\n") + "\n"
    }

    private var facts: [String] {
        var lines = [
            "data set    \(report.source)",
            "samples     \(report.sampleCount) with \(report.imageCount) images, \(report.readableCount) of them read",
        ]
        if let lesions = report.lesionCount { lines.append("lesions     \(lesions)") }
        if let patients = report.patientCount { lines.append("patients    \(patients)") }
        if let imbalance = report.imbalance {
            lines.append("imbalance   \(String(format: "%.1f", imbalance)) (largest class / smallest class)")
        }
        return lines
    }

    private var classTable: [String] {
        let splits = SplitName.allCases.filter { report.splits[$0] != nil }
        var rows = [["class", "samples", "share"] + splits.map(\.rawValue)]
        for each in report.classes {
            let share = String(format: "%.1f %%", 100 * Double(each.total) / Double(max(report.sampleCount, 1)))
            rows.append(
                [OneLine.text(each.id), String(each.total), share] + splits.map { String(each.bySplit[$0] ?? 0) })
        }
        if !splits.isEmpty {
            rows.append(
                ["all", String(report.sampleCount), ""] + splits.map { String(report.splits[$0] ?? 0) })
        }
        return TextTable.lines(rows)
    }

    private var findings: [String] {
        var lines: [String] = []
        for severity in DatasetFinding.Severity.allCases {
            for kind in DatasetFinding.Kind.allCases {
                let own = report.findings.filter { $0.severity == severity && $0.kind == kind }
                for finding in own.prefix(Self.shown) {
                    lines.append(
                        "\(severity.rawValue)  \(kind.rawValue): \(OneLine.text(finding.message))\(names(finding))")
                }
                if own.count > Self.shown {
                    lines.append(
                        "\(severity.rawValue)  \(kind.rawValue): … and \(own.count - Self.shown) more like this")
                }
            }
        }
        lines.append("\(Self.count(report.errors.count, "error")), \(Self.count(report.warnings.count, "warning"))")
        return lines
    }

    /// `1 error`, `2 errors`.
    static func count(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }

    private func names(_ finding: DatasetFinding) -> String {
        guard !finding.samples.isEmpty else { return "" }
        let shown = finding.samples.prefix(4).map(OneLine.text).joined(separator: ", ")
        return " [\(shown)\(finding.samples.count > 4 ? ", … \(finding.samples.count) in all" : "")]"
    }
}

/// Columns of text, the first aligned left, the others right.
enum TextTable {
    static func lines(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + space : space + text
            }.joined(separator: "  ")
        }
    }
}

/// Text of a file on one line of a terminal.
enum OneLine {
    static func text(_ text: String) -> String {
        String(
            text.map { $0.isNewline || ($0.unicodeScalars.first?.properties.generalCategory == .control) ? "?" : $0 })
    }
}
