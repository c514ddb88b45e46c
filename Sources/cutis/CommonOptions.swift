public import ArgumentParser
import CutisCore
public import CutisInference
import Foundation

extension DeviceChoice: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

/// The options of every command that runs a model.
struct CommonOptions: ParsableArguments {
    @Option(help: "Where the model runs: auto, cpu or cuda.")
    var device: DeviceChoice = .auto

    @Option(help: ArgumentHelp("Threads within one operation; one per core unless told.", valueName: "n"))
    var threads: Int?

    @Option(help: "fp32, fp16 (on a CPU: stored fp16, computed fp32) or bf16.")
    var precision: Precision = .fp32

    @Option(help: ArgumentHelp("Images that go through the model together.", valueName: "n"))
    var batch: Int = 8

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024.")
        }
        guard (1...512).contains(batch) else { throw ValidationError("--batch must be between 1 and 512.") }
    }

    var loadOptions: LoadOptions { LoadOptions(device: device, precision: precision, threads: threads) }
}

/// The options of every command.
struct QuietnessOptions: ParsableArguments {
    @Flag(help: "No progress and no notes on standard error.")
    var quiet = false

    @Flag(help: "Errors as one JSON object on standard error.")
    var jsonErrors = false
}

/// `--model`, with the default model that ships with Cutis.
struct ModelOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A model bundle (a folder); the shipped dermoscopic classifier unless told.", valueName: "bundle"))
    var model: String?

    func bundle() throws -> ModelBundle {
        try ModelBundle(model.map { URL(fileURLWithPath: $0) } ?? InstalledFiles.defaultModel())
    }
}
