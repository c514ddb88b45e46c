import ArgumentParser
import CutisCore
import CutisDatasets
import Foundation

/// `cutis eda`
struct EDACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eda",
        abstract: "Explore a data set: classes, sample images, intensity, sizes, sharpness, metadata, subgroups.",
        discussion: """
            Writes eda.html (one self-contained page, light and dark) and eda.json into a new folder.

            EXAMPLES
              cutis eda photos/ --output photos-eda/
              cutis eda ham10000/labels.csv --output ham-eda/ --samples 8 --seed 7
            """)

    @Argument(
        help: ArgumentHelp(
            "A folder of classes, a table (.csv), JSON lines or an archive (.npz).", valueName: "dataset"))
    var dataset: String

    @OptionGroup var options: DatasetOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to write; it must not exist, or be empty.", valueName: "folder"))
    var output: String

    @Option(help: ArgumentHelp("Sample images of each class; at least 3.", valueName: "n"))
    var samples: Int = 6

    @Option(help: ArgumentHelp("Chooses the sample images.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Threads that decode; one per core unless told.", valueName: "n"))
    var threads: Int?

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        guard (3...100).contains(samples) else { throw ValidationError("--samples must be between 3 and 100.") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024.")
        }
    }

    func run() async throws {
        let folder = URL(fileURLWithPath: output)
        try AtomicOutput.requireFree(folder)
        let data = try options.read(dataset, keepsRepeats: true)
        var exploration = ExplorationOptions(samplesPerClass: samples, seed: seed)
        if let threads { exploration.workers = threads }
        let source = ImageSource()
        let explorer = DatasetExplorer(data, options: exploration) { (location) throws(CutisError) in
            try source.pixels(location)
        }
        let progress = ProgressReporter("explore", unit: "images", total: explorer.imageCount, quiet: quietness.quiet)
        let found = try explorer.explore { progress.advance(by: $0) }
        progress.finish()
        try found.write(to: folder)
        try StandardOutput.write(
            """
              Images      \(found.imageCount)\(found.unreadable.isEmpty ? "" : ", \(found.unreadable.count) unreadable")
              Classes     \(found.classes.count { $0.id != nil })
              Imbalance   \(found.imbalanceRatio.map { String(format: "%.1f", $0) } ?? "–") (largest class to smallest)
              Page        \(folder.appendingPathComponent(DatasetExploration.pageName).path)
              JSON        \(folder.appendingPathComponent(DatasetExploration.jsonName).path)

            """)
    }
}
