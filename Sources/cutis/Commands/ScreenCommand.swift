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
              cutis screen front.jpg side.jpg --model infectious/ --timing

            The order of the photos is kept. A case of fewer than 3 is padded as the model was trained. A model of
            several diseases prints each with its own threshold.

            --timing adds `timing_ms` to the JSON, and lines to the table, in milliseconds of wall time: load (the
            model), decode and preprocess (the photos, added up), encode (the network, all photos as one batch), head,
            total (from the start of the command to its answer), and for each photo image, decode, preprocess and
            reduction (how many times smaller than itself it was decoded). Photos are decoded beside each other and
            beside the loading of the model, so the parts add up to more than total.
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

    @Flag(help: "Show where the time went.")
    var timing = false

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        if let threshold, !(0...1).contains(threshold) {
            throw ValidationError("--threshold must be between 0 and 1.")
        }
    }

    func run() async throws {
        let start = ContinuousClock.now
        try Screener.checkCount(images.count)
        let bundle = try ModelBundle(URL(fileURLWithPath: model))
        let recipe = bundle.manifest.preprocessing
        let urls = images.map { URL(fileURLWithPath: $0) }
        // A wrong file is named at once; once the model loads, an error waits until it is loaded.
        for url in urls { try recipe.checkHeader(of: url) }
        async let decoded = PreparedImage.prepare(urls, recipe: recipe, decoding: common.decode.exactness)
        async let loaded = loadScreener(bundle)
        // The images come first: what is wrong with them is of more use than what is wrong with the model.
        let prepared = try await decoded.map { try $0.get() }
        let (screener, load) = try await loaded
        let (answer, durations) = try await screener.screen(prepared)
        let times = ScreeningTiming(
            load: load / .milliseconds(1), encode: durations.encode / .milliseconds(1),
            head: durations.head / .milliseconds(1), total: (ContinuousClock.now - start) / .milliseconds(1),
            images: zip(images, prepared).map { name, image in
                ScreeningTiming.Image(
                    name: name, decode: image.decodeDuration / .milliseconds(1),
                    preprocess: image.preprocessDuration / .milliseconds(1), reduction: image.reduction)
            })
        switch format {
        case .json:
            let json = timing ? answer.json.appending(["timing_ms": times.json]) : answer.json
            try StandardOutput.write(json.text() + "\n")
        case .table: try StandardOutput.write(table(answer) + (timing ? table(times) : ""))
        }
    }

    private func loadScreener(_ bundle: ModelBundle) async throws -> (Screener, Duration) {
        let start = ContinuousClock.now
        let screener = try await Screener(bundle, options: common.loadOptions, threshold: threshold)
        return (screener, ContinuousClock.now - start)
    }

    private func table(_ times: ScreeningTiming) -> String {
        var text = ""
        for (name, time) in times.parts {
            text += "  \(name.padding(toLength: 10, withPad: " ", startingAt: 0)) \(String(format: "%9.2f ms", time))\n"
        }
        for image in times.images {
            let numbers = String(format: "%9.2f ms, preprocess %.2f ms", image.decode, image.preprocess)
            text += "  decode     \(numbers), at 1/\(image.reduction)  \(image.name)\n"
        }
        return text
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
