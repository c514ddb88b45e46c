public import ArgumentParser
import CutisCore
public import CutisTraining
import Foundation

extension ProbeHead.Layer: ExpressibleByArgument {}

/// `cutis probe`
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Fit a linear classifier on the embeddings of images.",
        discussion: """
            EMBEDDINGS is what `cutis embed` wrote; the labels are joined to it by the images' names.

            EXAMPLES
              cutis embed ham10000/images/ --model tips/ --output ham.safetensors
              cutis data split ham10000/ --output split.csv
              cutis probe ham.safetensors --labels split.csv --output ham-probe/

            Multinomial logistic regression on standardised features; the validation part chooses its penalty. The new
            folder gets head.safetensors and metrics.json. --config is a file with a section `probe`
            (docs/training.md).
            """)

    @Argument(help: ArgumentHelp("Embeddings with names (.safetensors).", valueName: "embeddings"))
    var embeddings: String

    @Option(help: ArgumentHelp("The images' classes and parts: a table, or a folder of classes.", valueName: "dataset"))
    var labels: String

    @OptionGroup var options: DatasetOptions

    @Option(help: ArgumentHelp("Changes of the defaults (YAML).", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "What the head's tensors are called: head, as in vision transformers, or fc, as in residual networks.",
            valueName: "name"))
    var layer: ProbeHead.Layer = .visionTransformer

    @Flag(help: "Go on where a lesion or a patient is in two parts.")
    var allowLeak = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to write; it must not exist, or be empty.", valueName: "folder"))
    var output: String

    @OptionGroup var quietness: QuietnessOptions

    func run() async throws {
        let settings = try config.map { try ProbeConfiguration(file: URL(fileURLWithPath: $0)) } ?? ProbeConfiguration()
        let dataset = try options.read(labels)
        let table = try EmbeddingTable(URL(fileURLWithPath: embeddings))
        let probe = try ProbeRun.run(table, dataset, configuration: settings, allowsLeak: allowLeak)
        try probe.write(to: URL(fileURLWithPath: output), layer: layer)
        if !quietness.quiet {
            for warning in probe.warnings { printToStandardError("cutis: warning: \(OneLine.text(warning))") }
            if !probe.metrics.chosen.hasConverged {
                printToStandardError("cutis: warning: the fit ended before its tolerance (probe.maximum_iterations)")
            }
        }
        try StandardOutput.write(text(probe))
    }

    private func text(_ probe: ProbeRun) -> String {
        let parts = [("validation", probe.metrics.validation)] + (probe.metrics.test.map { [("test", $0)] } ?? [])
        let rows = FigureText.lines(parts, labels: probe.head.labels)
        let chosen = "C \(probe.metrics.chosen.strength), chosen among \(probe.metrics.candidates.count) on validation"
        return (rows + [chosen, "wrote \(output)"]).joined(separator: "\n") + "\n"
    }
}
