public import ArgumentParser
import CutisCore
import CutisInference
public import CutisOptimization
import Foundation

extension OptimizationRequest.Method: ExpressibleByArgument {}
extension OptimizationRequest.RangeSearch: ExpressibleByArgument {}

/// `cutis optimize`
struct OptimizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "optimize",
        abstract: "Make a bundle smaller and faster, and show what it keeps.",
        discussion: """
            EXAMPLES
              cutis optimize my-model/ --calibration photos/ --precision int8 --output my-model-int8/
              cutis optimize my-model/ --calibration photos/ --precision bf16 --output my-model-bf16/
              cutis optimize my-model/ --calibration photos/ --precision int8 --output my-model-int8/ \
            --validation labels.csv --positive mel --compare-naive

            The calibration folder holds images like those that the model will see; labels are not needed. The table of
            --validation has the columns image (a path relative to the table) and label (a label id of the bundle).

            The given bundle is measured in fp32, converted, and measured again. A conversion that loses more than the
            budget is refused, and nothing is written.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Argument(help: ArgumentHelp("A model bundle (a folder).", valueName: "bundle"))
    var bundle: String

    @Option(help: ArgumentHelp("A folder with at least 8 images.", valueName: "folder"))
    var calibration: String

    @Option(help: "fp16 (half the size), bf16 (half the size, faster on CPUs that have it) or int8 (a quarter).")
    var precision: Precision

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to make.", valueName: "folder"))
    var output: String

    @Option(help: ArgumentHelp("Labelled images that decide whether enough is kept.", valueName: "file.csv"))
    var validation: String?

    @Option(
        help: ArgumentHelp(
            "The label whose sensitivity is guarded; unless told, the one that has a threshold.", valueName: "label"))
    var positive: String?

    @Option(help: "smooth, or minmax: the plain conversion, for comparison.")
    var method: OptimizationRequest.Method = .smooth

    @Option(help: "How ranges of activations are found: by the smallest error (l4, mse) or percentile.")
    var range: OptimizationRequest.RangeSearch = .l4

    @Flag(help: "Measure the plain int8 conversion in the same table; it is never written.")
    var compareNaive = false

    @Option(help: ArgumentHelp("Images taken from the folder, 32 to 128.", valueName: "n"))
    var calibrationImages: Int = 128

    @Option(help: ArgumentHelp("Points of sensitivity that may be lost.", valueName: "points"))
    var maxSensitivityLoss: Double = 0.5

    @Option(help: ArgumentHelp("AUC that may be lost.", valueName: "x"))
    var maxAucLoss: Double = 0.005

    @Option(
        help: ArgumentHelp(
            "The least mean cosine of the features; 0.995 for int8 and 0.9995 otherwise unless told.", valueName: "x"))
    var minCosine: Double?

    @Option(help: ArgumentHelp("Threads within one operation; one per core unless told.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Images that are timed.", valueName: "n"))
    var runs: Int = 20

    @Flag(help: "Measure in fp32 where the CPU does not have what the precision needs.")
    var fallback = false

    @Option(help: "table or json.")
    var format: Format = .table

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        guard precision != .fp32 else { throw ValidationError("--precision must be fp16, bf16 or int8.") }
        guard OptimizationRequest.calibrationCounts.contains(calibrationImages) else {
            throw ValidationError("--calibration-images must be between 32 and 128.")
        }
        guard (0...100).contains(maxSensitivityLoss) else {
            throw ValidationError("--max-sensitivity-loss must be between 0 and 100 points.")
        }
        guard (0...1).contains(maxAucLoss) else { throw ValidationError("--max-auc-loss must be between 0 and 1.") }
        if let minCosine, !(-1...1).contains(minCosine) {
            throw ValidationError("--min-cosine must be between -1 and 1.")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024.")
        }
        guard (1...100_000).contains(runs) else { throw ValidationError("--runs must be between 1 and 100000.") }
        guard positive == nil || validation != nil else {
            throw ValidationError("--positive belongs to --validation, whose labels it names.")
        }
    }

    func run() async throws {
        let request = try request()
        let child = ChildBenchmark(
            executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath(), runs: runs, threads: threads,
            fallsBack: fallback)
        let progress = OptimizationProgress(quiet: quietness.quiet)
        let optimizer = BundleOptimizer(request, benchmark: child.measure) { progress.show($0, $1, of: $2) }
        do {
            let report = try optimizer.run()
            progress.finish()
            try write(report)
        } catch let refusal as OptimizationRefusal {
            progress.finish()
            try write(refusal.report)
            throw refusal.error
        }
    }

    private func request() throws -> OptimizationRequest {
        var request = OptimizationRequest(
            bundle: try ModelBundle(URL(fileURLWithPath: bundle)), calibration: URL(fileURLWithPath: calibration),
            precision: precision, output: URL(fileURLWithPath: output))
        request.validation = validation.map { URL(fileURLWithPath: $0) }
        request.positive = positive
        request.method = method
        request.range = range
        request.comparesNaive = compareNaive
        request.calibrationImages = calibrationImages
        request.budget.sensitivityLoss = maxSensitivityLoss
        request.budget.areaLoss = maxAucLoss
        request.budget.cosine = minCosine ?? request.budget.cosine
        request.threads = threads
        request.fallsBack = fallback
        return request
    }

    private func write(_ report: OptimizationReport) throws {
        switch format {
        case .table: try StandardOutput.write(OptimizationTable(report).text)
        case .json: try StandardOutput.write(report.json.text() + "\n")
        }
    }
}
