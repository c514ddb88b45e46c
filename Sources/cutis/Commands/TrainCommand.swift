import ArgumentParser
import CutisCore
import CutisTraining
import Foundation

/// `cutis train`
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train the default dermoscopic classifier again, from HAM10000 to a bundle.",
        discussion: """
            EXAMPLES
              cutis train ham10000/ --output run/
              cutis classify photo.jpg --model run/bundle/

            FOLDER holds labels.csv (image, dx, lesion_id, …) and images/. The output folder gets the checkpoints, the
            figures (metrics.json), the model card and, at the end, a verified bundle. A run that was interrupted goes on
            when the command is given again. On two cores it takes about an hour.
            """)

    @Argument(help: ArgumentHelp("labels.csv and images/.", valueName: "folder"))
    var data: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the run.", valueName: "folder"))
    var output: String

    @Option(help: ArgumentHelp("Decides split, initial weights and augmentation.", valueName: "n"))
    var seed: UInt64 = DefaultModelConfiguration().seed

    @OptionGroup var quietness: QuietnessOptions

    func run() async throws {
        var configuration = DefaultModelConfiguration()
        configuration.seed = seed
        let folder = URL(fileURLWithPath: output)
        let rules = try InstalledFiles.recommendations()
        let quiet = quietness.quiet
        // The trainer has its own way to end: it saves a checkpoint first.
        Interrupts.shared.stop()
        try DefaultModelTrainer.run(
            configuration: configuration, dataFolder: URL(fileURLWithPath: data), output: folder
        ) { progress in
            if !quiet { printToStandardError(progress.line) }
        }
        let bundle = folder.appendingPathComponent("bundle")
        try DefaultModelBundle.write(run: folder, recommendations: rules, to: bundle)
        try StandardOutput.write("\(bundle.path)\n")
    }
}
