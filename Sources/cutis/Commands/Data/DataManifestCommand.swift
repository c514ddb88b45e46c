import ArgumentParser
import CutisCore
import CutisDatasets
import Foundation

/// `cutis data manifest`
struct DataManifestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest",
        abstract: "Write what a data set holds: the hash of every image, labels, splits.",
        discussion: """
            EXAMPLES
              cutis data manifest ham10000/ --output v1.json
              cutis data manifest ham10000/ --output v2.json --parent v1.json
              cutis data manifest ham10000/ --output v2.json --split split.csv --dvc write

            --dvc write brings the folder's .dvc file up to date, as `dvc add` would (run `dvc commit` for DVC's cache);
            --dvc check refuses a folder that is not what its .dvc file says.
            """)

    enum DVCChoice: String, ExpressibleByArgument, CaseIterable {
        case check, write
    }

    @Argument(help: ArgumentHelp("A folder, a table or an archive.", valueName: "dataset"))
    var dataset: String

    @OptionGroup var options: DatasetOptions

    @Option(help: ArgumentHelp("Take the splits of this table (`cutis data split`).", valueName: "table"))
    var split: String?

    @Option(help: ArgumentHelp("The manifest that this version was made from.", valueName: "manifest"))
    var parent: String?

    @Option(help: "check or write the .dvc file beside the data set's folder.")
    var dvc: DVCChoice?

    @Option(name: .shortAndLong, help: ArgumentHelp("The manifest to write (JSON).", valueName: "file"))
    var output: String

    @OptionGroup var quietness: QuietnessOptions

    func run() async throws {
        var data = try options.read(dataset)
        if let split { data = try SplitTable(URL(fileURLWithPath: split)).assigning(to: data) }
        let before = try parent.map { try DatasetManifest(URL(fileURLWithPath: $0)) }
        let content = try dvc.map(trackedContent)
        let progress = ProgressReporter("hashed", unit: "samples", total: data.samples.count, quiet: quietness.quiet)
        let manifest = try DatasetManifest(
            data, relativeTo: options.root(of: dataset), parent: before?.hash, dvc: content?.md5
        ) { progress.advance(by: $0) }
        progress.finish()
        try manifest.write(to: URL(fileURLWithPath: output))
        guard !quietness.quiet else { return }
        var text = "hash      \(manifest.hash)\n"
        if let before { text += "parent    \(before.hash)\n" }
        if let content { text += "dvc       \(content.md5) (\(content.size) bytes)\n" }
        let images = manifest.entries.reduce(0) { $0 + $1.images.count }
        text += "samples   \(manifest.entries.count) with \(images) images, \(manifest.labels.count) classes\n"
        try StandardOutput.write(text + "wrote \(output)\n")
    }

    /// The content of the folder as DVC names it, after `.dvc` file and folder were made to agree.
    private func trackedContent(_ choice: DVCChoice) throws -> DVCContent {
        let url = URL(fileURLWithPath: dataset)
        // An archive is the data set itself; a table is one with the folder that it lies in.
        let tracked = url.pathExtension.lowercased() == "npz" ? url : options.root(of: dataset)
        let location = DVCFile.location(for: tracked)
        let expected = choice == .check ? try DVCFile(location) : nil
        let content = try DVCContent(tracked)
        guard let expected else {
            let name = tracked.standardizedFileURL.lastPathComponent
            try DVCFile(path: name, content: content).write(to: location)
            return content
        }
        guard expected.content.md5 == content.md5 else {
            throw CutisError(
                .dataInvalid,
                "\(tracked.path) is not what \(location.path) says (\(content.md5) instead of \(expected.content.md5)).",
                remedy: "Run `dvc checkout` for the tracked version, or `--dvc write` for this one.")
        }
        return content
    }
}
