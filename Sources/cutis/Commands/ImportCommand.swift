public import ArgumentParser
import CutisCore
import CutisHub
import CutisInference
public import CutisModels
import Foundation

extension ModelKind: ExpressibleByArgument {}
extension MILOutputMeaning: ExpressibleByArgument {}

/// `cutis import`
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a bundle of a published checkpoint.",
        discussion: """
            SOURCE is a checkpoint file (safetensors, PyTorch .pt/.pth/.bin), a folder that holds one with its
            configuration files (a Hugging Face snapshot), or a repository that `cutis pull` fetched.

            EXAMPLES
              cutis import vit_b_16.pth --labels classes.txt --output vit/
              cutis import ./vit-large-patch32-384-melanoma/ --output melanoma/
              cutis import google/tipsv2-l14 --output tips/
              cutis import google/tipsv2-l14 --head screening.keras --threshold 0.35 --output infectious/
              cutis import google/tipsv2-l14 --head head/ --output screening/

            What the configuration files say is taken from them: sizes, classes, preprocessing. The bundle is loaded
            once and records a golden case, which `cutis verify` reproduces.
            """)

    @Argument(help: ArgumentHelp("A file, a folder, or a pulled repository.", valueName: "source"))
    var source: String

    @Option(
        help: ArgumentHelp(
            "The head of a screening model: .pt, .keras, .safetensors, or the folder of `cutis mil`.",
            valueName: "file|folder"))
    var head: String?

    @Option(help: ArgumentHelp("What custom layers of a Keras head compute (JSON).", valueName: "file"))
    var headMapping: String?

    @Option(
        help: ArgumentHelp(
            "What a Keras head's last numbers are, where it does not tell: sigmoid, softmax, logits, softmax_logits.",
            valueName: "kind"))
    var headMeaning: MILOutputMeaning?

    @Option(
        help: ArgumentHelp(
            "What SOURCE is: \(ImportKind.known).", valueName: "kind"))
    var kind: String = "auto"

    @Option(help: ArgumentHelp("Attention heads, where no file says how many.", valueName: "n"))
    var heads: Int?

    @Option(help: ArgumentHelp("Names of the classes: JSON, or text with one a line.", valueName: "file"))
    var labels: String?

    @Option(help: ArgumentHelp("The threshold of a screening model, 0 to 1.", valueName: "x"))
    var threshold: Double?

    @Option(help: ArgumentHelp("The bundle's id; the source's name unless told.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The revision of a pulled repository.", valueName: "name"))
    var revision: String = "main"

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to make.", valueName: "folder"))
    var output: String

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        if let threshold, !(0...1).contains(threshold) {
            throw ValidationError("--threshold must be between 0 and 1.")
        }
        guard ImportKind(argument: kind) != nil else {
            throw ValidationError("--kind \(kind) is not known; use \(ImportKind.known).")
        }
    }

    func run() async throws {
        let source = try resolvedSource()
        let request = ImportRequest(
            source: source, kind: try ImportKind(argument: kind)?.resolved(for: source), heads: heads,
            head: head.map { URL(fileURLWithPath: $0) },
            headMapping: headMapping.map { URL(fileURLWithPath: $0) }, headMeaning: headMeaning,
            labels: labels.map { URL(fileURLWithPath: $0) }, threshold: threshold, name: name)
        let summary = try BundleImporter.run(request, to: URL(fileURLWithPath: output))
        guard !quietness.quiet else { return }
        let manifest = summary.manifest
        var text = "\(output): \(manifest.id) \(manifest.version), \(manifest.task.rawValue), from: \(summary.kind)\n"
        text += "  \(summary.tensorCount) tensors taken\n"
        for (reason, count) in summary.ignored.sorted(by: { $0.key < $1.key }) {
            text += "  \(count) left out: \(reason)\n"
        }
        for assumption in summary.assumptions { text += "  assumed: \(assumption)\n" }
        if !manifest.labels.labels.isEmpty {
            text +=
                "  \(manifest.labels.count) classes: \(manifest.labels.labels.prefix(12).map(\.label).joined(separator: ", "))\n"
        }
        try StandardOutput.write(text)
    }

    private func resolvedSource() throws -> URL {
        if FileManager.default.fileExists(atPath: source) { return URL(fileURLWithPath: source) }
        let parts = source.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !source.hasPrefix("."), parts.allSatisfy({ !$0.isEmpty }) else {
            throw CutisError(.fileNotFound, "There is no file or folder at \(source).", remedy: "Check the path.")
        }
        let cache = HubCache(environment: ProcessInfo.processInfo.environment)
        if let snapshot = cache.resolve(repo: source, revision: revision) { return snapshot }
        throw CutisError(
            .fileNotFound, "\(source) is neither a file nor a repository in the cache (\(cache.root.path)).",
            remedy: "Fetch it first: cutis pull \(source)")
    }
}
