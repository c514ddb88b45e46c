public import ArgumentParser
import CutisCore
import CutisImaging
public import CutisInference
import Foundation

extension DeviceChoice: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

extension Shard: ExpressibleByArgument {
    /// Reads `i/n`.
    public init?(argument: String) { self.init(argument) }
}

/// `--shard`, of the commands that go through many images.
struct ShardOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Do only part i of n, i from 0 to n - 1, of the sorted images, for several machines; `cutis merge` joins \
            the outputs.
            """, valueName: "i/n"))
    var shard: Shard?
}

/// How the decoding of a recipe is replaced.
enum DecodeChoice: String, ExpressibleByArgument, CaseIterable {
    case recipe, exact, reduced

    /// What replaces the recipe's own rule; nil leaves it.
    var exactness: DecodingExactness? {
        switch self {
        case .recipe: nil
        case .exact: .exact
        case .reduced: .reduced
        }
    }
}

/// The options of every command that runs a model.
struct CommonOptions: ParsableArguments {
    @Option(help: "Where the model runs: auto, cpu or cuda.")
    var device: DeviceChoice = .auto

    @Option(help: ArgumentHelp("Threads within one operation; one per core unless told.", valueName: "n"))
    var threads: Int?

    @Option(
        help: """
            fp32, fp16 (on a CPU: stored fp16, computed fp32), bf16, or int8 for bundles of `cutis optimize`. Unless \
            told, int8 for those and fp32 for all others.
            """)
    var precision: Precision?

    @Flag(help: "Take fp32 where the CPU does not have what the precision needs.")
    var fallback = false

    @Option(
        help: """
            How large JPEGs are decoded: recipe (as the bundle says), exact, or reduced (at a smaller scale, several \
            times faster; the model's input changes by less than one grey level on average).
            """)
    var decode: DecodeChoice = .recipe

    @Option(help: ArgumentHelp("Images that go through the model together.", valueName: "n"))
    var batch: Int = 8

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024.")
        }
        guard (1...512).contains(batch) else { throw ValidationError("--batch must be between 1 and 512.") }
    }

    /// What the record of a part says of these options: those that change an answer, and the command's own.
    func shardSettings(_ own: [String: String]) -> [String: String] {
        own.merging(["precision": precision?.rawValue ?? "default", "decode": decode.rawValue]) { $1 }
    }

    var loadOptions: LoadOptions {
        LoadOptions(device: device, precision: precision, threads: threads, fallsBack: fallback)
    }
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
