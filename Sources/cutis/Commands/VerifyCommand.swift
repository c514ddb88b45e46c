import ArgumentParser
import CutisCore
import CutisInference
import Foundation

/// `cutis verify`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a bundle: files against their SHA-256, weights against the architecture, the golden case.",
        discussion: """
            EXAMPLES
              cutis verify my-model/
              cutis verify my-model/ --precision bf16
            """)

    @Argument(help: ArgumentHelp("A model bundle (a folder).", valueName: "bundle"))
    var bundle: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let bundle = try ModelBundle(URL(fileURLWithPath: bundle))
        let host = try await ModelHost.load(bundle, options: common.loadOptions)
        let (seconds, memory) = (ProcessFacts.secondsSinceStart(), ProcessFacts.peakMemory())
        let report = try await BundleVerification.run(host, of: bundle)
        let manifest = bundle.manifest
        var text = "\(manifest.id) \(manifest.version): \(manifest.task.rawValue), \(manifest.files.count) files\n"
        text += "  files          match their SHA-256\n"
        text +=
            "  weights        \(report.tensorCount) tensors, \(report.parameterCount) numbers, none missing, all finite\n"
        text += "  ready          \(String(format: "%.2f", seconds)) s after the start, "
        text += "peak memory \(String(format: "%.0f", Double(memory) / 1e6)) MB\n"
        if let golden = report.golden {
            text += "  golden case    largest difference \(String(format: "%.2e", golden.largestDifference))"
            text += " (accepted \(String(format: "%.0e", golden.tolerance)))\n"
        } else {
            text += "  golden case    the bundle has none\n"
        }
        try StandardOutput.write(text)
    }
}
