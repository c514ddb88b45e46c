import ArgumentParser
import CutisCore
import CutisFormats
import CutisImaging
import CutisInference
import Foundation

/// `cutis embed`
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Write the feature vectors of images to a file.",
        discussion: """
            EXAMPLES
              cutis embed photos/ --model tipsv2/ --output features.safetensors
              cutis embed a.jpg b.jpg --output features.csv
              cutis embed photos/ --model tipsv2/ --shard 0/4 --output part-0.safetensors

            A .safetensors file holds `features` [N, D] in fp32 and the file names in its metadata (`images`, a JSON
            array in the same order). A .csv file has one line for each image. Images that are refused are named on
            standard error, left out of the file, and make the exit code 3.

            With --shard i/n only part i of the sorted images is done; a record beside the output
            (FILE.shard.json) lets `cutis merge` check that the parts belong together.
            """)

    @Argument(help: ArgumentHelp("Images, or folders of images.", valueName: "image|folder"))
    var inputs: [String]

    @OptionGroup var model: ModelOption

    @Option(name: .shortAndLong, help: ArgumentHelp("FILE.safetensors or FILE.csv.", valueName: "file"))
    var output: String

    @OptionGroup var sharding: ShardOption

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        guard ["safetensors", "csv"].contains(URL(fileURLWithPath: output).pathExtension.lowercased()) else {
            throw ValidationError("--output must end in .safetensors or .csv.")
        }
        guard !inputs.isEmpty else { throw ValidationError("Give at least one image or folder.") }
    }

    func run() async throws {
        let files = try InputFiles(inputs)
        let part = try sharding.shard.map { try files.part($0) }
        let urls = part?.urls ?? files.urls
        let bundle = try model.bundle()
        let embedder = try await Embedder(bundle, options: common.loadOptions)
        var names: [String] = []
        var rows: [[Float]] = []
        var refused = 0
        let (recipe, decoding) = (bundle.manifest.preprocessing, common.decode.exactness)
        let pipeline = ImagePipeline(
            sources: urls, batch: common.batch, quiet: common.quietness.quiet || (files.isSingleImage && part == nil)
        ) { (url) throws(CutisError) in try PreparedImage(url, recipe: recipe, decoding: decoding) }
        try await pipeline.forEachBatch { items in
            var images: [PreparedImage] = []
            for item in items {
                switch item.result {
                case .success(let image): images.append(image)
                case .failure(let error):
                    refused += 1
                    printToStandardError("cutis: \(error.message)")
                }
            }
            rows += try await embedder.embed(images)
            names += images.map(\.name)
        }
        // A part of which all images were refused is an answer too: that there is nothing to join.
        guard let width = rows.first?.count ?? (part == nil ? nil : 0) else {
            throw CutisError(
                .imageCorrupt, "All \(refused) images were refused (named above), so nothing was written.",
                remedy: "Give images that can be read.")
        }
        try write(rows, width: width, names: names, bundle: bundle)
        if let shard = sharding.shard, let part {
            let url = URL(fileURLWithPath: output)
            let record = try ShardRecord(
                command: "embed", shard: shard, inputs: part.all, bundle: bundle,
                settings: common.shardSettings(["format": url.pathExtension.lowercased()]),
                rows: rows.count, refused: refused, output: url)
            try record.write(beside: url)
        }
        if refused > 0 {
            throw CutisError(
                .imageCorrupt, "\(refused) of \(urls.count) images were refused (named above) and left out.",
                remedy: "Remove or replace them; \(output) holds the others.")
        }
    }

    private func write(_ rows: [[Float]], width: Int, names: [String], bundle: ModelBundle) throws {
        let url = URL(fileURLWithPath: output)
        if url.pathExtension.lowercased() == "csv" {
            let header = ["image"] + (0..<width).map { "f\($0)" }
            try AtomicOutput.file(url) { handle in
                try handle.write(contentsOf: Data((header.joined(separator: ",") + "\n").utf8))
                for (name, row) in zip(names, rows) {
                    let line = [StandardOutput.csvField(name)] + row.map { "\($0)" }
                    try handle.write(contentsOf: Data((line.joined(separator: ",") + "\n").utf8))
                }
            }
            return
        }
        let bytes = rows.reduce(into: Data(capacity: rows.count * width * 4)) { data, row in
            row.withUnsafeBytes { data.append(contentsOf: $0) }
        }
        try SafetensorsWriter.write(
            [.init(name: "features", elementType: .float32, shape: [rows.count, width], bytes: bytes)],
            metadata: [
                "images": OrderedJSON.array(names.map { .string($0) }).text(pretty: false),
                "model": bundle.manifest.id, "version": bundle.manifest.version,
            ],
            to: url)
    }
}
