import Foundation
import Glibc
import Synchronization

/// The log on standard error: one line for each event, whatever the event holds.
///
/// Messages repeat what callers sent. Its line breaks and other control characters are written as `\n` or `\u{1}`, so
/// that nobody can forge lines of the log or command the terminal that shows it.
struct LogLines: TextOutputStream, Sendable {
    private static let lock = Mutex(())

    /// Writes one event, which ends with a line break.
    mutating func write(_ event: String) {
        var line = Self.escaped(event.hasSuffix("\n") ? String(event.dropLast()) : event) + "\n"
        Self.lock.withLock { _ in
            line.withUTF8 { bytes in
                var rest = UnsafeRawBufferPointer(bytes)
                while !rest.isEmpty {
                    let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
                    // A log that nobody takes any more must not stop the service.
                    guard count > 0 || errno == EINTR else { return }
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(count, 0)))
                }
            }
        }
    }

    /// Text without control characters, line separators and marks that turn the direction of writing.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if isControl(scalar) {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        default: false
        }
    }
}
