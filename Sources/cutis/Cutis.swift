import ArgumentParser
import CutisCore
import Foundation

/// The command line: one subcommand per file in `Commands/`.
struct Cutis: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "cutis",
        abstract: "Skin image analysis: classification, infectious screening and embeddings on your own machine.",
        discussion: """
            Cutis is decision support for research and evaluation, never a stand-alone diagnosis.

            EXAMPLES
              cutis demo
              cutis classify photo.jpg
              cutis classify photos/ --format csv > answers.csv
              cutis screen front.jpg side.jpg --model infectious/
              cutis import vit.safetensors --output my-model/

            EXIT CODES
              0 done   1 failure   2 wrong call   3 input refused
            """,
        version: version,
        subcommands: [
            ClassifyCommand.self, ScreenCommand.self, EmbedCommand.self, ImportCommand.self, PullCommand.self,
            MergeCommand.self, EvaluateCommand.self, InspectCommand.self, VerifyCommand.self, OptimizeCommand.self,
            BenchCommand.self,
            TrainCommand.self, SweepCommand.self, ProbeCommand.self, MILCommand.self, DataCommand.self, EDACommand.self,
            DemoCommand.self, ServeCommand.self, AuditCommand.self, BackupCommand.self, RestoreCommand.self,
            MigrateCommand.self, KeysCommand.self,
        ])
}

@main
enum Main {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        Interrupts.shared.start()
        let reporter = ErrorReporter(asJSON: arguments.contains("--json-errors"))
        let status: Int32
        do {
            var command = try Cutis.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            status = 0
        } catch {
            status = reporter.report(error)
        }
        Interrupts.shared.stop()
        exit(status)
    }
}
