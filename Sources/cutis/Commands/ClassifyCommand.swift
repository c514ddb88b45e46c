public import ArgumentParser
import CutisCore
import CutisImaging
public import CutisInference
import Foundation

/// `cutis classify`
struct ClassifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Classify images: the probability of each class.",
        discussion: """
            EXAMPLES
              cutis classify photo.jpg
              cutis classify photo.jpg --top-k 3 --format table
              cutis classify photos/ --format jsonl > answers.jsonl
              cutis classify photo.jpg --attention maps/        writes maps/photo.jpg.attention.png
              cutis classify photo.jpg --model my-bundle/
              cutis classify photos/ --format csv --shard 0/4 --output part-0.csv

            Folders are searched for images by content. An image that is refused is named on standard error, has an
            `error` in the output when there are several images, and makes the exit code 3.

            With --shard i/n only part i of the sorted images is done; a record beside the output
            (FILE.shard.json) lets `cutis merge` check that the parts belong together.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case json, jsonl, csv, table
    }

    @Argument(help: ArgumentHelp("Images, or folders of images.", valueName: "image|folder"))
    var inputs: [String]

    @OptionGroup var model: ModelOption

    @Option(help: ArgumentHelp("Show only the N most probable classes.", valueName: "n"))
    var topK: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write the answers to this file instead of standard output.", valueName: "file"))
    var output: String?

    @OptionGroup var sharding: ShardOption

    @Option(
        help: ArgumentHelp("Write an attention overlay (PNG) for each image into this folder.", valueName: "folder"))
    var attention: String?

    @Option(help: "last-block or rollout (ViT), grad-cam (ResNet); what fits the model unless told.")
    var attentionMethod: ExplanationMethod?

    @Option(help: "json, jsonl, csv or table.")
    var format: Format = .json

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("Give at least one image or folder.") }
        if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
        guard sharding.shard == nil || (output != nil && format != .table) else {
            throw ValidationError("--shard needs --output, and --format json, jsonl or csv.")
        }
    }

    func run() async throws {
        let files = try InputFiles(inputs)
        let part = try sharding.shard.map { try files.part($0) }
        let urls = part?.urls ?? files.urls
        let isSingle = files.isSingleImage && part == nil
        let bundle = try model.bundle()
        let overlays = try attention.map { try OverlayFolder($0) }
        let classifier = try await Classifier(bundle, options: common.loadOptions)
        let writer = ClassificationWriter(
            format: format, top: topK, labels: bundle.manifest.labels, isSingle: isSingle,
            output: output.map { URL(fileURLWithPath: $0) })
        var refused = 0
        let (recipe, decoding, keepsOriginal) = (
            bundle.manifest.preprocessing, common.decode.exactness, overlays != nil
        )
        let pipeline = ImagePipeline(
            sources: urls, batch: common.batch, quiet: common.quietness.quiet || isSingle
        ) { (url) throws(CutisError) in
            try PreparedImage(url, recipe: recipe, decoding: decoding, keepsOriginal: keepsOriginal)
        }
        try await pipeline.forEachBatch { prepared in
            let answers = try await classifier.classify(prepared.compactMap { try? $0.result.get() })
            var next = answers.makeIterator()
            for item in prepared {
                switch item.result {
                case .failure(let error):
                    if isSingle { throw error }
                    refused += 1
                    printToStandardError("cutis: \(error.message)")
                    try writer.write(error, image: item.source.relativePath)
                case .success(let image):
                    guard let answer = next.next() else { continue }
                    try writer.write(answer)
                    guard let overlays, let primary = answer.classes.first else { continue }
                    let index = bundle.manifest.labels.index(of: primary.label.id) ?? 0
                    let map = try await classifier.explain(image, classIndex: index, method: attentionMethod)
                    try overlays.write(map, over: image)
                }
            }
        }
        try writer.finish()
        if let shard = sharding.shard, let part, let output {
            let url = URL(fileURLWithPath: output)
            let record = try ShardRecord(
                command: "classify", shard: shard, inputs: part.all, bundle: bundle,
                settings: common.shardSettings(["format": format.rawValue, "top_k": topK.map { "\($0)" } ?? "all"]),
                rows: writer.rows, refused: refused, output: url)
            try record.write(beside: url)
        }
        if refused > 0 {
            throw CutisError(
                .imageCorrupt, "\(refused) of \(urls.count) images were refused (named above).",
                remedy: "Remove or replace them; the answers of the others are complete.")
        }
    }
}

extension ExplanationMethod: ExpressibleByArgument {}
