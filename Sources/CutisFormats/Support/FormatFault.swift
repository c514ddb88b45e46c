package import CutisCore

/// What is wrong inside a file; the reader that knows the path turns it into a `CutisError`.
package struct FormatFault: Error, Sendable {
    /// Damaged, unsupported or unsafe.
    package let code: ErrorCode
    /// The reason, as the end of a sentence.
    package let reason: String

    /// A fault of a damaged file unless `code` says otherwise.
    package init(_ reason: String, code: ErrorCode = .checkpointCorrupt) {
        self.reason = reason
        self.code = code
    }

    /// The error that a user sees.
    package func error(in path: String, reading format: FileFormat) -> CutisError {
        switch code {
        case .checkpointUnsafe:
            CutisError(
                code, "\(path) is refused: \(reason).",
                remedy: "Ask its author for a safetensors file, or convert it in a sandbox that you trust.")
        case .checkpointUnsupported:
            CutisError(
                code, "\(path) (\(format.title)) is not supported: \(reason).",
                remedy: "Save the weights again as safetensors, or as a plain PyTorch state_dict.")
        case .outOfMemory:
            CutisError(
                code, "Not enough memory to read \(path): \(reason).",
                remedy: "Close other programs or use a machine with more memory.")
        default:
            CutisError(
                code, "\(path) is damaged or not \(format.title): \(reason).",
                remedy: "Download or export the file again and compare its checksum.")
        }
    }
}

/// Runs a parser and names the file in its errors.
package func reading<R>(
    _ path: String, as format: FileFormat, _ body: () throws(FormatFault) -> R
) throws(CutisError) -> R {
    do {
        return try body()
    } catch {
        throw error.error(in: path, reading: format)
    }
}

/// A name from a file between quotes, shortened and without control characters: safe for a terminal or a log.
package func quoted(_ name: some StringProtocol) -> String {
    var text = ""
    var count = 0
    for scalar in name.unicodeScalars {
        count += 1
        guard count <= 120 else {
            text += "…"
            break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            text += "\\u{\(String(scalar.value, radix: 16))}"
        default: text.unicodeScalars.append(scalar)
        }
    }
    return "'\(text)'"
}
