import CutisCore
import Foundation
import Glibc

/// Writes the answer itself on standard output, as it comes.
enum StandardOutput {
    /// Writes text.
    ///
    /// - Throws: `CutisError` with `.outputUnwritable` or `.noSpaceLeft`, as when the disk behind a redirect is full.
    ///   A pipe that was closed by its reader ends the process quietly, as for every Unix filter.
    static func write(_ text: String) throws {
        if isatty(STDOUT_FILENO) == 1 { ProgressReporter.clearLine() }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EPIPE { exit(0) }
                throw AtomicOutput.failure(errno, writing: URL(fileURLWithPath: "/dev/stdout"))
            }
            bytes = bytes.dropFirst(count)
        }
    }

    /// One field of a CSV line, quoted where it must be (RFC 4180).
    ///
    /// A leading `=`, `+`, `-` or `@` in a text would be run as a formula by spreadsheets; a quote mark before it
    /// keeps it text (CWE-1236).
    static func csvField(_ text: String) -> String {
        var field = text
        if let first = field.first, "=+-@\t\r".contains(first), Double(field) == nil { field = "'" + field }
        guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
        return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
