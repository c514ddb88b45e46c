package import CutisCore
package import Foundation

/// The settings that the hub's own tools read from the environment, under the same names and with the same defaults.
package struct HubEnvironment: Sendable {
    private let variables: [String: String]

    /// Reads the settings from the variables of a process.
    package init(_ variables: [String: String]) {
        self.variables = variables
    }

    /// A variable that is set and not empty.
    package subscript(_ name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// Whether a variable says yes: `1`, `ON`, `YES` or `TRUE`.
    func isTrue(_ name: String) -> Bool {
        self[name].map { ["1", "ON", "YES", "TRUE"].contains($0.uppercased()) } ?? false
    }

    /// Whether every network call is forbidden (`HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`).
    package var isOffline: Bool { isTrue("HF_HUB_OFFLINE") || isTrue("TRANSFORMERS_OFFLINE") }

    /// The hub's folder: `HF_HOME`, else `huggingface` in `XDG_CACHE_HOME` or `~/.cache`.
    package var home: URL {
        if let path = self["HF_HOME"] { return folder(path) }
        return folder(self["XDG_CACHE_HOME"] ?? "~/.cache").appendingPathComponent("huggingface", isDirectory: true)
    }

    /// The cache of repositories: `HF_HUB_CACHE`, else `hub` in the hub's folder.
    package var cacheRoot: URL {
        if let path = self["HF_HUB_CACHE"] ?? self["HUGGINGFACE_HUB_CACHE"] { return folder(path) }
        return home.appendingPathComponent("hub", isDirectory: true)
    }

    /// Seconds of a variable such as `HF_HUB_ETAG_TIMEOUT`, between 1 and 3600.
    func seconds(_ name: String, default fallback: Int64) -> Int64 {
        self[name].flatMap(Int64.init).map { min(max($0, 1), 3600) } ?? fallback
    }

    /// The access token: `HF_TOKEN`, else the file at `HF_TOKEN_PATH` or `token` in the hub's folder.
    ///
    /// - Throws: `.invalidArguments` where the token could not be sent in a header. The message never shows it.
    package func token() throws(CutisError) -> AccessToken? {
        if isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") { return nil }
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let text = self[name], let token = try AccessToken(text, from: name) { return token }
        }
        let file =
            self["HF_TOKEN_PATH"].map { URL(fileURLWithPath: expanded($0), isDirectory: false) }
            ?? home.appendingPathComponent("token")
        guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
        defer { try? handle.close() }
        guard let bytes = try? handle.read(upToCount: AccessToken.maximumLength + 2) else { return nil }
        return try AccessToken(String(decoding: bytes, as: UTF8.self), from: file.path)
    }

    private func folder(_ path: String) -> URL { URL(fileURLWithPath: expanded(path), isDirectory: true) }

    private func expanded(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        return (self["HOME"] ?? NSHomeDirectory()) + path.dropFirst()
    }
}

/// A secret that proves who asks. It prints as a placeholder, so that no log or message can show it.
package struct AccessToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    static let maximumLength = 4096

    /// The token itself; only the transport reads it.
    let secret: String

    /// Checks a token; nil where the text is blank.
    ///
    /// - Throws: `.invalidArguments` for characters that a header cannot hold.
    package init?(_ text: String, from source: String) throws(CutisError) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if trimmed.isEmpty { return nil }
        guard trimmed.utf8.count <= Self.maximumLength, trimmed.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CutisError(
                .invalidArguments, "The access token in \(source) holds characters that no token has, or is too long.",
                remedy: "Copy it again from the hub's settings page, on one line and without quotes.")
        }
        secret = trimmed
    }

    package var description: String { "(access token)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
