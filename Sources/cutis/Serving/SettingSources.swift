import Configuration
import CutisCore
import CutisTraining
import Foundation

/// Where the service's settings come from: flags before the environment before the configuration file.
struct SettingSources: Sendable {
    /// One source with the name by which errors call it.
    private struct Source: Sendable {
        let name: @Sendable (SettingKey) -> String
        let provider: any ConfigProvider
    }

    private let sources: [Source]
    private let reader: ConfigReader

    /// Reads the sources; unknown keys are refused with the nearest name.
    ///
    /// - Parameters:
    ///   - flags: what the command line sets, by key.
    ///   - environment: the process's variables.
    ///   - file: the configuration file; nil for none.
    /// - Throws: `CutisError` with `.invalidArguments` or `.configInvalid` that names the key and the source.
    init(flags: [String: String], environment: [String: String], file: URL?) throws(CutisError) {
        for name in flags.keys.sorted() {
            let key = try Self.key(name, in: "--set", remedy: "Give --set KEY=VALUE with a key of docs/service.md.")
            guard !key.isSecret else { throw Self.exposed(key, "the command line") }
        }
        let known = Set(SettingKey.all.map(\.variable))
        for variable in environment.keys.sorted() where variable.hasPrefix("CUTIS_") && !known.contains(variable) {
            guard !Self.isForeign(variable) else { continue }
            let near = NearestName.of(variable, among: known.sorted()).map { "; did you mean \($0)?" } ?? "."
            throw CutisError(
                .configInvalid, "The environment variable \(variable) is none that Cutis knows\(near)",
                remedy: "Correct or unset it; docs/service.md lists all of them.")
        }
        var sources = [
            Source(name: { "the flag of \($0.name)" }, provider: Self.provider("flags", flags)),
            Source(
                name: { "the environment variable \($0.variable)" },
                provider: EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "cutis")),
        ]
        if let file {
            let values = try Self.values(of: file)
            sources.append(Source(name: { _ in file.path }, provider: Self.provider("file", values)))
        }
        self.sources = sources
        reader = ConfigReader(providers: sources.map(\.provider))
    }

    /// A setting as text, with the source that it comes from; nil where none has it.
    ///
    /// A secret is also looked for in the file that `KEY_file` names.
    func text(_ name: String) throws(CutisError) -> (value: String, source: String)? {
        guard SettingKey.names.contains(name) else {
            throw CutisError(
                .internalFailure, "The setting \(name) is not in the table of keys.", remedy: "Report this.")
        }
        let isSecret = SettingKey.all.contains { $0.name == name && $0.isSecret }
        let key = SettingKey(name: name, isSecret: isSecret)
        if let value = reader.string(forKey: ConfigKey(name), isSecret: isSecret), !value.isEmpty {
            return (value, source(of: key))
        }
        guard isSecret, let path = try text(name + "_file") else { return nil }
        guard let data = FileManager.default.contents(atPath: path.value), data.count <= 1 << 16 else {
            throw CutisError(
                .fileUnreadable, "The file \(path.value), which \(path.source) names for \(name), cannot be read.",
                remedy: "Check that it exists and that the user that runs Cutis may read it.")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : (text, path.value)
    }

    private func source(of key: SettingKey) -> String {
        let wanted = AbsoluteConfigKey(ConfigKey(key.name))
        let found = sources.first { source in
            ((try? source.provider.value(forKey: wanted, type: .string))?.value) != nil
        }
        return found?.name(key) ?? key.name
    }

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        InMemoryProvider(
            name: name,
            values: Dictionary(
                uniqueKeysWithValues: values.map {
                    (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: false))
                }))
    }

    /// The leaves of a configuration file as texts; lists are joined by commas.
    private static func values(of file: URL) throws(CutisError) -> [String: String] {
        var values: [String: String] = [:]
        try collect(ConfigurationFile.values(of: file), path: "", file, &values)
        return values
    }

    private static func collect(
        _ value: ConfigurationValue, path: String, _ file: URL, _ values: inout [String: String]
    ) throws(CutisError) {
        switch value {
        case .section(let entries):
            for entry in entries {
                try collect(entry.value, path: path.isEmpty ? entry.key : "\(path).\(entry.key)", file, &values)
            }
        case .null: return
        default:
            guard !path.isEmpty else {
                throw CutisError(
                    .configInvalid, "\(file.path) holds no sections.", remedy: "See the example in docs/service.md.")
            }
            let key = try key(
                path, in: file.path, remedy: "Correct the file; docs/service.md lists every key.")
            guard !key.isSecret else { throw exposed(key, file.path) }
            values[path] = try text(value, path, file)
        }
    }

    private static func text(
        _ value: ConfigurationValue, _ path: String, _ file: URL
    ) throws(CutisError) -> String {
        switch value {
        case .flag(let flag): return flag ? "true" : "false"
        case .integer(let number): return "\(number)"
        case .number(let number): return "\(number)"
        case .text(let text): return text
        case .list(let members):
            var texts: [String] = []
            for member in members { texts.append(try text(member, path, file)) }
            return texts.joined(separator: ",")
        case .null, .section:
            throw CutisError(
                .configInvalid, "\(file.path): `\(path)` is a list of something else than plain values.",
                remedy: "Give a list of texts.")
        }
    }

    private static func key(_ name: String, in source: String, remedy: String) throws(CutisError) -> SettingKey {
        if let key = SettingKey.all.first(where: { $0.name == name }) { return key }
        let near = NearestName.of(name, among: SettingKey.names.sorted()).map { "; did you mean `\($0)`?" } ?? "."
        throw CutisError(.configInvalid, "\(source): `\(name)` is no key of the configuration\(near)", remedy: remedy)
    }

    private static func exposed(_ key: SettingKey, _ place: String) -> CutisError {
        CutisError(
            .configInvalid, "`\(key.name)` is a secret and must not be in \(place).",
            remedy: "Put it in a file that only the service can read, and name the file with `\(key.name)_file` or "
                + "\(key.variable)_FILE.")
    }

    /// Variables that are not settings: of the command line, of tests, and those that Kubernetes makes of a service
    /// that is called `cutis`.
    private static func isForeign(_ variable: String) -> Bool {
        let names = ["CUTIS_HOME", "CUTIS_INSTRUCTIONS", "CUTIS_SHARED_DATA", "CUTIS_PORT"]
        let prefixes = ["CUTIS_TEST_", "CUTIS_FUZZ", "CUTIS_TORCH_", "CUTIS_PORT_", "CUTIS_SERVICE_", "CUTIS_PYTHON"]
        return names.contains(variable) || prefixes.contains { variable.hasPrefix($0) }
    }
}
