import ArgumentParser
import CutisCore
import CutisFormats
import CutisInference
import CutisModels
import Foundation

/// `cutis inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is in a checkpoint or a bundle: tensors, types, likely dialect, configuration.",
        discussion: """
            EXAMPLES
              cutis inspect model.safetensors
              cutis inspect pytorch_model.bin --format json
              cutis inspect my-model/
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Argument(help: ArgumentHelp("A checkpoint file, a folder with one, or a bundle.", valueName: "file|bundle"))
    var path: String

    @Option(help: "table or json.")
    var format: Format = .table

    @OptionGroup var quietness: QuietnessOptions

    func run() async throws {
        let url = URL(fileURLWithPath: path)
        let isBundle = FileManager.default.fileExists(
            atPath: url.appendingPathComponent(BundleLayout.manifest).path)
        let bundle = try isBundle ? ModelBundle(url) : nil
        let archive = try TensorArchives.open(bundle?.file(BundleLayout.weights) ?? url)
        let inspection = Inspection(archive: archive, bundle: bundle)
        try StandardOutput.write(format == .json ? inspection.json.text() + "\n" : inspection.text)
    }
}
