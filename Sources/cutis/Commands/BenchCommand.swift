public import ArgumentParser
import CutisCore
public import CutisInference
import Foundation

extension BenchmarkArchitecture: ExpressibleByArgument {}

/// `cutis bench`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast a model answers on this machine.",
        discussion: """
            EXAMPLES
              cutis bench my-model/ --precision bf16
              cutis bench --architecture vit-l-14 --image-size 448 --precision int8 --runs 5
              cutis bench --architecture resnet-50 --batch 8 --format csv

            An architecture is measured with random weights: the time does not depend on them. Only the forward pass is
            timed; `gflops` are 10⁹ operations in a second of the whole network's products and convolutions (a packed
            ViT leaves out what nobody reads of its last block). Memory is the most that the process ever held.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, csv
    }

    @Argument(help: ArgumentHelp("A model bundle (a folder).", valueName: "bundle"))
    var bundle: String?

    @Option(help: "Random weights in a published shape: vit-b-16, vit-l-14, vit-l-32 or resnet-50.")
    var architecture: BenchmarkArchitecture?

    @Option(help: ArgumentHelp("The side of the images in pixels, with --architecture.", valueName: "n"))
    var imageSize: Int?

    @Option(help: "Where it runs: auto, cpu or cuda.")
    var device: DeviceChoice = .auto

    @Option(help: "fp32, fp16 (on a CPU: stored fp16, computed fp32), bf16 or int8.")
    var precision: Precision?

    @Flag(help: "Take fp32 where the CPU does not have what the precision needs.")
    var fallback = false

    @Option(help: ArgumentHelp("Images of one pass.", valueName: "n"))
    var batch: Int = 1

    @Option(help: ArgumentHelp("Threads within one operation; one per core unless told.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Passes that are timed.", valueName: "n"))
    var runs: Int = 20

    @Option(help: ArgumentHelp("Passes before those.", valueName: "n"))
    var warmup: Int = 3

    @Option(help: "table, json or csv (timm's column names).")
    var format: Format = .table

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        guard (bundle == nil) != (architecture == nil) else {
            throw ValidationError("Give either a bundle or --architecture.")
        }
        guard imageSize == nil || architecture != nil else {
            throw ValidationError("--image-size belongs to --architecture; a bundle has its own size.")
        }
        if let imageSize, !(32...4096).contains(imageSize) {
            throw ValidationError("--image-size must be between 32 and 4096.")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024.")
        }
        guard (1...512).contains(batch) else { throw ValidationError("--batch must be between 1 and 512.") }
        guard (1...100_000).contains(runs) else { throw ValidationError("--runs must be between 1 and 100000.") }
        guard (0...1000).contains(warmup) else { throw ValidationError("--warmup must be between 0 and 1000.") }
    }

    func run() async throws {
        let options = LoadOptions(device: device, precision: precision, threads: threads, fallsBack: fallback)
        let report = try Benchmark(try subject(), options: options, batch: batch, runs: runs, warmUp: warmup).run()
        let writer = BenchmarkWriter(report: report, peakMemory: ProcessFacts.peakMemory(), cpu: ProcessFacts.cpu())
        switch format {
        case .table: try StandardOutput.write(writer.table)
        case .json: try StandardOutput.write(writer.json.text() + "\n")
        case .csv: try StandardOutput.write(writer.csv)
        }
    }

    private func subject() throws -> Benchmark.Subject {
        if let bundle { return .bundle(try ModelBundle(URL(fileURLWithPath: bundle))) }
        guard let architecture else { throw ValidationError("Give either a bundle or --architecture.") }
        return .architecture(architecture, imageSize: imageSize ?? architecture.standardImageSize)
    }
}
