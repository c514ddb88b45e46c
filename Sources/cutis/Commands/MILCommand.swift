import ArgumentParser
import CutisCore
import CutisStatistics
import CutisTensor
import CutisTraining
import Foundation

/// `cutis mil`
struct MILCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mil",
        abstract: "Train a screening head for cases of one to three images on their embeddings.",
        discussion: """
            EMBEDDINGS is what `cutis embed` wrote; the cases name their images (docs/datasets.md).

            EXAMPLES
              cutis embed scin/images/ --model tips/ --output scin.safetensors
              cutis mil scin.safetensors --cases cases.csv --labels infectious --output head/
              cutis import google/tipsv2-l14 --head head/ --output screening/

            Gated attention over the images of a case, one answer for each label. The new folder gets
            head.safetensors, thresholds.json, history.json and metrics.json; `cutis import` takes it as --head.
            --config is a file with a section `mil` (docs/training.md).
            """)

    @Argument(help: ArgumentHelp("Embeddings with names (.safetensors).", valueName: "embeddings"))
    var embeddings: String

    @Option(help: ArgumentHelp("The cases with images, labels and parts.", valueName: "table"))
    var cases: String

    @OptionGroup var options: DatasetOptions

    @Option(
        help: ArgumentHelp(
            "The labels to learn, in their order; one for a yes-or-no head, all unless told.", valueName: "a,b,…"))
    var labels: String?

    @Option(help: ArgumentHelp("Changes of the defaults (YAML).", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Threads within one operation; one per core unless told.", valueName: "n"))
    var threads: Int?

    @Flag(help: "Go on where a patient is in two parts.")
    var allowLeak = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to write; it must not exist, or be empty.", valueName: "folder"))
    var output: String

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024.")
        }
        guard Set(names).count == names.count, !names.contains("") else {
            throw ValidationError("--labels must be different names, with commas between them.")
        }
    }

    private var names: [String] {
        labels.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
    }

    func run() async throws {
        let settings = try config.map { try MILConfiguration(file: URL(fileURLWithPath: $0)) } ?? MILConfiguration()
        let dataset = try options.read(cases)
        let table = try EmbeddingTable(URL(fileURLWithPath: embeddings))
        if let threads { Runtime.threads = threads }
        let trained = try MILRun.run(
            table, dataset, labels: names, configuration: settings, allowsLeak: allowLeak
        ) { epoch in
            guard !quietness.quiet else { return }
            let losses = String(format: "loss %.4f, validation loss %.4f", epoch.loss, epoch.validationLoss)
            let score = "\(settings.metric.rawValue) \(String(format: "%.4f", epoch.score))"
            printToStandardError("epoch \(epoch.number): \(losses), \(score)")
        }
        try trained.write(to: URL(fileURLWithPath: output))
        if !quietness.quiet {
            for warning in trained.warnings { printToStandardError("cutis: warning: \(OneLine.text(warning))") }
        }
        try StandardOutput.write(text(trained))
    }

    private func text(_ trained: MILRun) -> String {
        let metrics = trained.metrics
        var rows = [["", "positives", "AUROC", "sensitivity", "specificity"]]
        for (part, labels) in [("validation", metrics.validation), ("test", metrics.test ?? [])] {
            for label in labels {
                rows.append([
                    "\(part) \(OneLine.text(label.id))", "\(label.positives) of \(label.cases)",
                    FigureText.interval(label.auroc), FigureText.interval(label.operatingPoint?.sensitivity),
                    FigureText.interval(label.operatingPoint?.specificity),
                ])
            }
        }
        let best = "epoch \(metrics.bestEpoch) of \(metrics.epochs) was best on validation"
        return (TextTable.lines(rows) + [best, "wrote \(output)"]).joined(separator: "\n") + "\n"
    }
}
