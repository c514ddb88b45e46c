import CutisCore
import Foundation

/// Brings values with a JSON form of their own, such as the preprocessing recipe of bundles, into configurations.
enum ConfigurationBridge {
    /// Decodes a section; keys that it does not give are taken from `defaults`.
    ///
    /// - Throws: `.configInvalid` that names the key.
    static func decode<Value: Codable>(
        _ value: ConfigurationValue, _ path: String, defaults: Value?
    ) throws(CutisError) -> Value {
        guard case .section(let entries) = value else {
            throw ConfigurationCoder.mismatch(path, expected: "a section", found: value)
        }
        var whole = try defaults.map { defaults throws(CutisError) in try encode(defaults, path) } ?? .section([])
        let known = whole.keys
        for entry in entries { whole = whole.setting(entry.key, entry.value) }
        let decoded: Value
        do {
            decoded = try JSONDecoder().decode(Value.self, from: Data(ConfigurationYAML.json(whole).utf8))
        } catch let error as CutisError {
            throw ConfigurationCoder.invalid(path, "is not valid: \(error.message)")
        } catch let error as DecodingError {
            throw describe(error, path, known: known)
        } catch {
            throw ConfigurationCoder.invalid(path, "cannot be read")
        }
        // A type that skips what it does not know would hide a misspelt key.
        let kept = try encode(decoded, path)
        for entry in entries where entry.value != .null && kept[entry.key] == nil {
            throw ConfigurationCoder.unknown(entry.key, path: path, known: kept.keys)
        }
        return decoded
    }

    /// The JSON form of a value, keys sorted.
    static func encode(_ value: some Encodable, _ path: String) throws(CutisError) -> ConfigurationValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            throw ConfigurationCoder.invalid(path, "cannot be written")
        }
        // JSON is a part of YAML.
        return try ConfigurationYAML.read(String(decoding: data, as: UTF8.self), source: path)
    }

    private static func describe(_ error: DecodingError, _ path: String, known: [String]) -> CutisError {
        func place(_ keys: [any CodingKey]) -> String {
            keys.reduce(path) { whole, key in
                key.intValue.map { "\(whole)[\($0)]" } ?? "\(whole).\(key.stringValue)"
            }
        }
        switch error {
        case .keyNotFound(let key, let context):
            return ConfigurationCoder.invalid(place(context.codingPath + [key]), "is missing")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return ConfigurationCoder.invalid(place(context.codingPath), "must be of the type \(type)")
        case .dataCorrupted(let context):
            // What the strict types of CutisImaging say of a key that they do not have.
            if context.debugDescription == "this field is not known", let key = context.codingPath.last {
                let known = context.codingPath.count == 1 ? known : []
                return ConfigurationCoder.unknown(
                    key.stringValue, path: String(place(context.codingPath).dropLast(key.stringValue.count + 1)),
                    known: known)
            }
            return ConfigurationCoder.invalid(place(context.codingPath), "is not valid: \(context.debugDescription)")
        @unknown default: return ConfigurationCoder.invalid(path, "cannot be read")
        }
    }
}

extension ConfigurationCoder {
    /// A section with a JSON form of its own; keys that the file leaves out keep their values.
    func bridged<Value: Codable>(_ key: String, _ value: inout Value) throws(CutisError) {
        let (path, defaults) = (place(key), value)
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                try ConfigurationBridge.decode(value, path, defaults: defaults)
            }, encode: { value throws(CutisError) in try ConfigurationBridge.encode(value, path) })
    }

    /// A section with a JSON form of its own that may be absent.
    func bridged<Value: Codable & Sendable>(
        _ key: String, _ value: inout Value?, defaults: Value? = nil
    ) throws(CutisError) {
        let path = place(key)
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                guard value != .null else { return nil }
                return try ConfigurationBridge.decode(value, path, defaults: defaults)
            },
            encode: { value throws(CutisError) in
                guard let value else { return nil }
                return try ConfigurationBridge.encode(value, path)
            })
    }
}
