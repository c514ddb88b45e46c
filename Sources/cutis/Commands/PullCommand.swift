import ArgumentParser
import CutisCore
import CutisHub
import Foundation

/// `cutis pull`
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a model repository from the Hugging Face hub into its usual cache.",
        discussion: """
            EXAMPLES
              cutis pull google/tipsv2-l14
              cutis pull yyupenn/whylesionclip --include '*.json' --include '*.bin'
              cutis pull google/tipsv2-l14 --local-files-only

            The cache is the one that huggingface_hub uses (HF_HOME, HF_HUB_CACHE). HF_TOKEN gives access to gated
            models, HF_ENDPOINT names another hub, HF_HUB_OFFLINE=1 forbids any network call. What is already in the
            cache is not fetched again, and a broken download goes on where it stopped.
            """)

    @Argument(help: ArgumentHelp("A repository, such as google/tipsv2-l14.", valueName: "repo"))
    var repository: String

    @Option(help: ArgumentHelp("A branch, tag or commit.", valueName: "name"))
    var revision: String = "main"

    @Option(
        help: ArgumentHelp(
            "Fetch only files that match; may be repeated. Configurations, tokenizers and one set of weights unless told.",
            valueName: "glob"))
    var include: [String] = []

    @Flag(help: "Answer from the cache alone; no network call.")
    var localFilesOnly = false

    @OptionGroup var quietness: QuietnessOptions

    func run() async throws {
        let client = HubClient(environment: ProcessInfo.processInfo.environment) {
            printToStandardError("cutis: \($0)")
        }
        let display = ProgressReporter("pull", unit: "bytes", total: 0, quiet: quietness.quiet)
        let folder = try await client.snapshot(
            repo: repository, revision: revision, include: include.isEmpty ? .modelFiles : .matching(include),
            localFilesOnly: localFilesOnly,
            progress: { display.update(to: $0.bytes, of: $0.total ?? 0) })
        display.finish()
        try StandardOutput.write(folder.path + "\n")
    }
}
