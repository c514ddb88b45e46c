public import ArgumentParser
import CutisCore
public import CutisDatasets
import CutisImaging
import CutisInference
import CutisStatistics
import CutisTraining
import Foundation

extension SplitName: ExpressibleByArgument {}

/// `cutis evaluate`
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Judge a classifier on labelled images: figures with intervals, by class and by subgroup.",
        discussion: """
            DATASET is a table, a folder of classes or an archive (docs/datasets.md); its classes must be the model's.

            EXAMPLES
              cutis evaluate ham10000/ --output evaluation/
              cutis evaluate split.csv --split test --model runs/mine/bundle/ --output evaluation/
              cutis evaluate ham10000/ --shard 0/2 --output part-0.csv
              cutis merge part-*.csv --output predictions.csv
              cutis evaluate ham10000/ --predictions predictions.csv --output evaluation/

            The new folder gets metrics.json and predictions.csv. With --shard i/n only part i of the images is
            predicted, into a table with a record beside it that lets `cutis merge` check that the parts belong together.
            An image that is refused is named on standard error and left out, and makes the exit code 3.
            """)

    @Argument(help: ArgumentHelp("The labelled images.", valueName: "dataset"))
    var dataset: String

    @OptionGroup var options: DatasetOptions

    @OptionGroup var model: ModelOption

    @Option(help: ArgumentHelp("Only this part of the data: train, validation or test.", valueName: "part"))
    var split: SplitName?

    @Option(help: ArgumentHelp("The class to watch; unless told, the one that has a threshold.", valueName: "label"))
    var positive: String?

    @Option(help: ArgumentHelp("Its threshold; the bundle's unless told.", valueName: "p"))
    var threshold: Double?

    @Option(help: ArgumentHelp("Judge this table of the model's predictions and run no model.", valueName: "file.csv"))
    var predictions: String?

    @OptionGroup var sharding: ShardOption

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The folder to write, which must not exist or be empty; with --shard, the table.", valueName: "output"))
    var output: String

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        if let threshold, !(0...1).contains(threshold) {
            throw ValidationError("--threshold must be between 0 and 1.")
        }
        guard sharding.shard == nil || predictions == nil else {
            throw ValidationError("--shard makes predictions; --predictions has them already.")
        }
    }

    func run() async throws {
        let bundle = try model.bundle()
        try bundle.require(.classification)
        if sharding.shard == nil { try AtomicOutput.requireFree(URL(fileURLWithPath: output)) }
        let labels = bundle.manifest.labels
        let watched = try watched(bundle.manifest)
        let data = try options.read(dataset, labels: labels)
        let samples = split.map(data.indices(in:)) ?? Array(data.samples.indices)
        guard !samples.isEmpty else {
            throw CutisError(
                .dataInvalid, "\(dataset) has no image in the part '\(split?.rawValue ?? "")'.",
                remedy: "Make parts with `cutis data split`, or leave --split out.")
        }
        var rows: [PredictionTable.Row]
        var refused = 0
        if let predictions {
            rows = try PredictionTable.read(URL(fileURLWithPath: predictions), labels: labels)
            if let split { rows.removeAll { $0.split != split.rawValue } }
            if !rows.isEmpty, rows.count < samples.count {
                printToStandardError(
                    "cutis: warning: \(samples.count - rows.count) of \(samples.count) images have no prediction in "
                        + "\(predictions); the figures are about the others")
            }
        } else {
            let images = try LabelledImages(data, samples: samples)
            let part = try sharding.shard?.range(of: images.labels.count) ?? images.labels.indices
            rows = try await predict(part, of: images, in: data, bundle)
            refused = part.count - rows.count
            if let shard = sharding.shard {
                try write(rows, refused: refused, shard: shard, of: images, bundle)
            }
        }
        if sharding.shard == nil {
            let identity = "\(bundle.manifest.id) \(bundle.manifest.version)"
            let evaluation = try Evaluation(rows, of: data, split: split, model: identity, watched: watched)
            try evaluation.write(to: URL(fileURLWithPath: output))
            try StandardOutput.write(text(evaluation, labels))
        }
        if refused > 0 {
            throw CutisError(
                .imageCorrupt, "\(refused) of \(rows.count + refused) images were refused (named above) and left out.",
                remedy: "Remove or replace them; \(output) is about the others.")
        }
    }

    private func watched(_ manifest: BundleManifest) throws -> (label: Int, threshold: Double)? {
        guard let name = positive ?? (manifest.thresholds.count == 1 ? manifest.thresholds.keys.first : nil) else {
            return nil
        }
        guard let label = manifest.labels.index(of: name) else {
            throw CutisError(
                .invalidArguments, "The model has no class '\(name)'.",
                remedy: "Its classes: \(manifest.labels.labels.map(\.id).joined(separator: ", ")).")
        }
        guard let threshold = threshold ?? manifest.thresholds[name] else {
            throw CutisError(
                .invalidArguments, "The model has no threshold for '\(name)'.", remedy: "Give one with --threshold.")
        }
        return (label, threshold)
    }

    /// The predictions of a part's images; those that are refused are named and left out.
    private func predict(
        _ part: Range<Int>, of images: LabelledImages, in data: Dataset, _ bundle: ModelBundle
    ) async throws -> [PredictionTable.Row] {
        let classifier = try await Classifier(bundle, options: common.loadOptions)
        let (labels, recipe, decoding) = (
            bundle.manifest.labels, bundle.manifest.preprocessing, common.decode.exactness
        )
        let source = ImageSource()
        var rows: [PredictionTable.Row] = []
        let pipeline = ImagePipeline(sources: Array(part), batch: common.batch, quiet: common.quietness.quiet) {
            (row) throws(CutisError) in
            switch images.locations[row] {
            case .file(let url): return try PreparedImage(url, recipe: recipe, decoding: decoding)
            case .array(_, let name, let index):
                return try PreparedImage(
                    source.pixels(images.locations[row]), name: "\(name)[\(index)]", recipe: recipe)
            }
        }
        try await pipeline.forEachBatch { items in
            var answers = try await classifier.classify(items.compactMap { try? $0.result.get() }).makeIterator()
            for item in items {
                if case .failure(let error) = item.result {
                    printToStandardError("cutis: \(error.message)")
                    continue
                }
                guard let answer = answers.next() else { continue }
                var probabilities = [Double](repeating: 0, count: labels.count)
                for entry in answer.classes {
                    if let index = labels.index(of: entry.label.id) { probabilities[index] = entry.probability }
                }
                let sample = data.samples[images.samples[item.source]]
                rows.append(
                    PredictionTable.Row(
                        name: sample.id, split: sample.split?.rawValue ?? "", label: images.labels[item.source],
                        probabilities: probabilities))
            }
        }
        return rows
    }

    private func write(
        _ rows: [PredictionTable.Row], refused: Int, shard: Shard, of images: LabelledImages, _ bundle: ModelBundle
    ) throws {
        let url = URL(fileURLWithPath: output)
        try PredictionTable.write(rows, labels: bundle.manifest.labels, to: url)
        let inputs = images.locations.map { location in
            switch location {
            case .file(let url): url
            case .array(let archive, let name, let index): archive.appendingPathComponent("\(name)/\(index)")
            }
        }
        let record = try ShardRecord(
            command: "evaluate", shard: shard, inputs: inputs, bundle: bundle,
            settings: common.shardSettings(["format": "csv", "split": split?.rawValue ?? "all"]), rows: rows.count,
            refused: refused, output: url)
        try record.write(beside: url)
    }

    private func text(_ evaluation: Evaluation, _ labels: LabelSet) -> String {
        var lines = FigureText.lines([(split?.rawValue ?? "all", evaluation.figures)], labels: labels)
        if let name = evaluation.watched, let point = evaluation.figures.watched?.operatingPoint {
            lines.append(
                "\(name) at \(String(format: "%.4f", point.threshold)): "
                    + "sensitivity \(FigureText.interval(point.sensitivity)), "
                    + "specificity \(FigureText.interval(point.specificity))")
        }
        return (lines + ["wrote \(output)"]).joined(separator: "\n") + "\n"
    }
}
