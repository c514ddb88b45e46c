import CutisCore
import Foundation

/// A JSON object of a configuration file, with typed reading: a wrong type or size is an error that names file and key.
///
/// A key that is absent and a key that is null are the same.
struct ConfigObject {
    /// The file.
    let path: String
    /// The keys that lead here, each followed by a dot.
    let place: String
    let members: [String: ConfigValue]

    /// Reads a file.
    ///
    /// - Throws: `.fileUnreadable`, `.configInvalid`.
    static func read(_ url: URL) throws(CutisError) -> ConfigObject {
        let limit = 16 << 20
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            data = try handle.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw CutisError(
                .fileUnreadable, "Cannot read \(url.path) (\(error.localizedDescription)).",
                remedy: "Check the path and its permissions.")
        }
        guard data.count <= limit else {
            throw invalid(url.path, "is larger than \(limit >> 20) MB, too large for a configuration")
        }
        let decoded: ConfigValue
        do {
            decoded = try JSONDecoder().decode(ConfigValue.self, from: data)
        } catch {
            throw invalid(url.path, "is not valid JSON")
        }
        guard case .object(let members) = decoded else { throw invalid(url.path, "holds no JSON object") }
        return ConfigObject(path: url.path, place: "", members: members)
    }

    private static func invalid(_ path: String, _ what: String) -> CutisError {
        CutisError(
            .configInvalid, "\(path) \(what).",
            remedy: "Get the configuration again from the model's source, or correct it.")
    }

    /// The error for a key.
    func error(_ key: String, _ what: String) -> CutisError {
        Self.invalid(path, "has a wrong `\(place)\(key)`: \(what)")
    }

    /// The value of a key; nil where it is absent or null.
    subscript(key: String) -> ConfigValue? {
        guard let value = members[key], value != .null else { return nil }
        return value
    }

    func has(_ key: String) -> Bool { self[key] != nil }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(CutisError) -> Int? {
        guard let value = self[key] else { return nil }
        guard case .number(let number) = value, let integer = Int(exactly: number) else {
            throw error(key, "\(value.kind) where a whole number is needed")
        }
        guard range.contains(integer) else {
            throw error(key, "\(integer) is not within \(range.lowerBound)…\(range.upperBound)")
        }
        return integer
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws(CutisError) -> Double? {
        guard let value = self[key] else { return nil }
        guard case .number(let number) = value else { throw error(key, "\(value.kind) where a number is needed") }
        guard range.contains(number) else {
            throw error(key, "\(number) is not within \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    func flag(_ key: String) throws(CutisError) -> Bool? {
        guard let value = self[key] else { return nil }
        guard case .flag(let flag) = value else { throw error(key, "\(value.kind) where true or false is needed") }
        return flag
    }

    func text(_ key: String) throws(CutisError) -> String? {
        guard let value = self[key] else { return nil }
        guard case .text(let text) = value else { throw error(key, "\(value.kind) where a text is needed") }
        return text
    }

    func object(_ key: String) throws(CutisError) -> ConfigObject? {
        guard let value = self[key] else { return nil }
        guard case .object(let inner) = value else { throw error(key, "\(value.kind) where an object is needed") }
        return ConfigObject(path: path, place: place + key + ".", members: inner)
    }

    func integers(_ key: String, in range: ClosedRange<Int>) throws(CutisError) -> [Int]? {
        guard let value = self[key] else { return nil }
        guard case .list(let values) = value, values.count <= 1024 else {
            throw error(key, "\(value.kind) where a short list of whole numbers is needed")
        }
        return try values.map { (value) throws(CutisError) -> Int in
            guard case .number(let number) = value, let integer = Int(exactly: number), range.contains(integer) else {
                throw error(key, "\(value.kind) is not within \(range.lowerBound)…\(range.upperBound)")
            }
            return integer
        }
    }

    /// Three numbers, one per channel.
    func channels(_ key: String) throws(CutisError) -> [Double]? {
        guard let value = self[key] else { return nil }
        guard case .list(let values) = value, values.count == 3 else {
            throw error(key, "\(value.kind) where three numbers are needed")
        }
        return try values.map { (value) throws(CutisError) -> Double in
            guard case .number(let number) = value, abs(number) <= 1000 else {
                throw error(key, "\(value.kind) where a number is needed")
            }
            return number
        }
    }

    /// Texts of a list.
    func texts(_ key: String) throws(CutisError) -> [String]? {
        guard let value = self[key] else { return nil }
        guard case .list(let values) = value else { throw error(key, "\(value.kind) where a list is needed") }
        return try values.map { (value) throws(CutisError) -> String in
            guard case .text(let text) = value else { throw error(key, "\(value.kind) where a text is needed") }
            return text
        }
    }

    /// An image size [height, width]: one number, two numbers, or `{"height", "width"}`.
    func size(_ key: String) throws(CutisError) -> [Int]? {
        switch self[key] {
        case nil: return nil
        case .number: return try integer(key, in: ConfigurationLimits.image).map { [$0, $0] }
        case .list:
            let sides = try integers(key, in: ConfigurationLimits.image) ?? []
            guard sides.count == 2 else { throw error(key, "\(sides.count) numbers where two are needed") }
            return sides
        case .object:
            guard let inner = try object(key),
                let height = try inner.integer("height", in: ConfigurationLimits.image),
                let width = try inner.integer("width", in: ConfigurationLimits.image)
            else { return nil }
            return [height, width]
        case .some(let value): throw error(key, "\(value.kind) where a size is needed")
        }
    }
}
