import ArgumentParser
import CutisCore
import CutisInference
import CutisTensor
import CutisTraining
import Foundation

/// `cutis train`
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a classifier: from a folder or table of images to a verified bundle.",
        discussion: """
            CONFIG is YAML; docs/training.md lists every key. key=value changes single keys.

            EXAMPLES
              cutis train Models/recipes/cutis-dermoscopy.yaml data.path=ham10000/
              cutis train config.yaml model.architecture=vit_base_patch16 schedule.epochs=50 name=vit
              cutis train runs/vit/config.yaml --resume
              cutis train config.yaml --cross-validate 5      # goes on where it stopped, when called again
              cutis classify photo.jpg --model runs/vit/bundle/

            The run's folder (runs/NAME) gets config.yaml, metrics.csv, metrics.jsonl, plots/, checkpoints/ and, at the
            end, metrics.json, predictions.csv and bundle/. Ctrl-C writes a checkpoint first; --resume goes on from it,
            bit for bit. Several processes (torchrun, srun, a PyTorchJob) train one model: docs/distributed.md.
            """)

    @Argument(help: ArgumentHelp("The configuration.", valueName: "config"))
    var config: String

    @Argument(help: ArgumentHelp("Changes of it, such as schedule.epochs=50.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Go on with the run that the folder holds.")
    var resume = false

    @Flag(name: .customLong("tensorboard"), help: "Write TensorBoard's event files too.")
    var tensorBoard = false

    @Option(help: ArgumentHelp("Where to compute: auto, cpu or cuda.", valueName: "device"))
    var device: DeviceChoice = .auto

    @Option(
        help: ArgumentHelp(
            "Train once per fold and report figures of images that a model has not seen.", valueName: "folds"))
    var crossValidate: Int?

    @OptionGroup var quietness: QuietnessOptions

    func run() async throws {
        let configuration = try TrainingConfiguration(file: URL(fileURLWithPath: config), overrides: overrides)
        let distributed = try DistributedEnvironment.read()
        let options = Trainer.Options(
            resumes: resume, device: try resolvedDevice(distributed), tensorBoard: tensorBoard,
            recommendations: try InstalledFiles.recommendations(), version: Cutis.version, distributed: distributed)
        let line = TrainingLine(quiet: quietness.quiet)
        // The trainer has its own way to end: it saves a checkpoint first.
        Interrupts.shared.stop()
        if let crossValidate {
            let outcome = try CrossValidator.run(configuration, folds: crossValidate, options: options) {
                line.prefix = "fold \($0 + 1) of \(crossValidate): "
                line.show($1)
            }
            line.close()
            for warning in outcome.warnings { printToStandardError("cutis: warning: \(warning)") }
            return try StandardOutput.write("\(outcome.report.path)\n")
        }
        let outcome = try Trainer.run(configuration, options: options) { line.show($0) }
        line.close()
        for warning in outcome.warnings { printToStandardError("cutis: warning: \(warning)") }
        if let bundle = outcome.bundle { try StandardOutput.write("\(bundle.path)\n") }
    }

    private func resolvedDevice(_ distributed: DistributedEnvironment?) throws -> Device {
        let device = try LoadOptions(device: device).resolvedDevice()
        guard case .cuda = device, let distributed else { return device }
        return .cuda(distributed.localRank)
    }
}
