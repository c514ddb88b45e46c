import ArgumentParser
import CutisCore
import CutisTensor
import Foundation

/// Prints an error for people, or as one JSON object with `--json-errors`, and gives the exit status.
struct ErrorReporter {
    let asJSON: Bool

    /// The exit status: 0 ok (also for `--help`), 1 failure, 2 usage, 3 input refused.
    func report(_ error: any Error) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        if let cutis = Self.cutisError(error) {
            write(cutis)
            return cutis.code.exitCode
        }
        if Cutis.exitCode(for: error) == .success {
            print(Cutis.fullMessage(for: error))
            return 0
        }
        let message = Cutis.message(for: error)
        if asJSON {
            write(CutisError(.invalidArguments, message, remedy: "See `cutis --help`."))
        } else {
            printToStandardError(Cutis.fullMessage(for: error))
        }
        return ErrorCode.invalidArguments.exitCode
    }

    /// The error as a `CutisError`; nil for what the argument parser throws.
    static func cutisError(_ error: any Error) -> CutisError? {
        switch error {
        case let error as CutisError: error
        case let error as TensorError:
            CutisError(
                .computeFailed, "The computation failed: \(error).",
                remedy: "Run `cutis verify` on the bundle; report this with the command that you gave.")
        case is CancellationError:
            CutisError(.cancelled, "The work was cancelled.", remedy: "Start it again.")
        default:
            (error as NSError).domain.hasPrefix("NS")
                ? CutisError(.fileUnreadable, error.localizedDescription, remedy: "Check the path and its permissions.")
                : nil
        }
    }

    private func write(_ error: CutisError) {
        guard asJSON else {
            printToStandardError("cutis: \(error.message)\n       \(error.remedy)")
            return
        }
        let json = OrderedJSON.object([
            "error": .object([
                "code": .string(error.code.rawValue), "message": .string(error.message),
                "remedy": .string(error.remedy), "exit_code": .integer(Int(error.code.exitCode)),
            ])
        ])
        printToStandardError(json.text(pretty: false))
    }
}

/// Prints a line on standard error, where everything goes that is not the answer itself.
func printToStandardError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
