package import CutisCore
package import Foundation

/// Reads configuration files, none of which is larger than `ConfigurationYAML` takes.
package enum ConfigurationFile {
    /// The text of a file.
    ///
    /// - Throws: `.fileNotFound`, `.fileUnreadable`; `.configInvalid` for what is not UTF-8.
    static func text(of file: URL) throws(CutisError) -> String {
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw CutisError(
                .fileNotFound, "There is no configuration at \(file.path).", remedy: "Check the path.")
        }
        let data: Data?
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            data = try handle.read(upToCount: ConfigurationYAML.maximumBytes + 1)
        } catch {
            throw CutisError(.fileUnreadable, "Cannot read \(file.path).", remedy: "Check that it is a readable file.")
        }
        guard let text = String(validating: data ?? Data(), as: UTF8.self) else {
            throw CutisError(
                .configInvalid, "\(file.path) is not a valid configuration: it is not UTF-8 text.",
                remedy: "Save it as UTF-8.")
        }
        return text
    }

    /// What a file holds, before it is known what it means.
    ///
    /// - Throws: as `text`; `.configInvalid` with the line of what is not YAML.
    package static func values(of file: URL) throws(CutisError) -> ConfigurationValue {
        try ConfigurationYAML.read(text(of: file), source: file.path)
    }

    /// The one section that a file of its own holds; keys that it leaves out keep their defaults.
    ///
    /// - Parameter name: of the section, the only key at the top of the file.
    /// - Throws: as `text`; `.configInvalid` that names the key.
    static func section<Section: Codable>(
        _ name: String, of file: URL, defaults: Section
    ) throws(CutisError) -> Section {
        let tree = try ConfigurationYAML.read(text(of: file), source: file.path)
        guard tree == .null || tree.isSection else {
            throw ConfigurationCoder.mismatch("the file", expected: "a section '\(name)'", found: tree)
        }
        if let other = tree.keys.first(where: { $0 != name }) {
            throw ConfigurationCoder.unknown(other, path: "", known: [name])
        }
        guard let value = tree[name], value != .null else { return defaults }
        return try ConfigurationBridge.decode(value, name, defaults: defaults)
    }
}
