import ArgumentParser
import CutisCore
import CutisImaging
import CutisInference
import Foundation

/// `cutis screen`
struct ScreenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "screen",
        abstract: "Screen one case of 1 to 3 photos, as for infectious skin disease.",
        discussion: """
            EXAMPLES
              cutis screen photo.jpg --model infectious/
              cutis screen front.jpg side.jpg far.jpg --model infectious/ --format json
              cutis screen photo.jpg --model infectious/ --threshold 0.5

            The order of the photos is kept. A case of fewer than 3 is padded as the model was trained. A model of
            several diseases prints each with its own threshold.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case json, table
    }

    @Argument(help: ArgumentHelp("The photos of one case, 1 to 3.", valueName: "image"))
    var images: [String]

    @Option(help: ArgumentHelp("A screening bundle (a folder).", valueName: "bundle"))
    var model: String

    @Option(help: ArgumentHelp("Use this threshold, 0 to 1, for every class.", valueName: "x"))
    var threshold: Double?

    @Option(help: "json or table.")
    var format: Format = .json

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        if let threshold, !(0...1).contains(threshold) {
            throw ValidationError("--threshold must be between 0 and 1.")
        }
    }

    func run() async throws {
        try Screener.checkCount(images.count)
        let bundle = try ModelBundle(URL(fileURLWithPath: model))
        let urls = images.map { URL(fileURLWithPath: $0) }
        let prepared = try await PreparedImage.prepare(urls, recipe: bundle.manifest.preprocessing).map { try $0.get() }
        let screener = try await Screener(bundle, options: common.loadOptions, threshold: threshold)
        let answer = try await screener.screen(prepared)
        switch format {
        case .json: try StandardOutput.write(answer.json.text() + "\n")
        case .table: try StandardOutput.write(table(answer))
        }
    }

    private func table(_ answer: Screening) -> String {
        var text = ""
        if answer.isBinary, let finding = answer.findings.first {
            text += finding.isPositive ? "Infectious\n" : "Non Infectious\n"
        }
        for finding in answer.findings {
            let numbers = String(
                format: "%6.2f %%  (threshold %.2f %%)", finding.probability * 100, finding.threshold * 100)
            text += "  \(finding.isPositive ? "+" : "-") \(finding.label.label)  \(numbers)\n"
        }
        if let attention = answer.attention {
            for (image, share) in zip(images, attention) {
                text += "  attention \(String(format: "%5.1f %%", share * 100))  \(image)\n"
            }
        }
        return text + "  \(answer.model.id) \(answer.model.version), \(answer.imageCount) of 3 images\n"
    }
}
