import Crypto
public import CutisCore
public import Foundation

/// The keys that seal blobs: the newest seals, all open.
///
/// Its text has one key in each line, the oldest first: 32 random bytes in Base64. Lines that begin with `#` are
/// remarks. Adding a line rotates; a key can be taken out when no blob is sealed by it any more
/// (`SealedBlobStore.resealAll`).
public struct KeyRing: Sendable {
    /// A key with the name by which a sealed blob refers to it: the beginning of a hash of the key.
    struct Key: Sendable {
        let id: String
        let key: SymmetricKey
    }

    private let keys: [Key]

    /// Reads the keys from their text, such as the value of an environment variable (where spaces, commas and line
    /// breaks all separate keys).
    ///
    /// - Parameter source: where the text comes from, for errors; the text itself is never shown.
    /// - Throws: `CutisError` with `.configInvalid`.
    public init(text: String, source: String) throws(CutisError) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let words = lines.filter { !$0.hasPrefix("#") }.flatMap { $0.split { $0 == "," || $0.isWhitespace } }
        var keys: [Key] = []
        for (index, word) in words.enumerated() {
            guard let data = Data(base64Encoded: String(word)), data.count == 32 else {
                throw Self.invalid("The key \(index + 1) of \(source) is not 32 bytes in Base64.")
            }
            let key = Key(id: Self.id(of: data), key: SymmetricKey(data: data))
            guard !keys.contains(where: { $0.id == key.id }) else {
                throw Self.invalid("The key \(index + 1) of \(source) is there twice.")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw Self.invalid("\(source) has no key.") }
        self.keys = keys
    }

    /// Reads the keys from a file.
    ///
    /// - Throws: `CutisError` with `.fileNotFound`, `.fileUnreadable` or `.configInvalid`.
    public init(file: URL) throws {
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw CutisError(
                .fileNotFound, "The key file \(file.path) is missing.",
                remedy: "Put it back from where it is kept: without it the images cannot be opened.")
        }
        guard let data = FileManager.default.contents(atPath: file.path), let text = String(data: data, encoding: .utf8)
        else {
            throw CutisError(
                .fileUnreadable, "The key file \(file.path) cannot be read.",
                remedy: "Check that it belongs to the user that runs Cutis.")
        }
        try self.init(text: text, source: file.path)
    }

    /// Makes a file with one new key, readable by its owner alone.
    ///
    /// - Throws: `CutisError` with `.outputUnwritable` where the file exists or cannot be written.
    public static func create(_ file: URL) throws {
        try DurableFile.write(Data((remark + newLine()).utf8), to: file)
        try DurableFile.synchronise(file.deletingLastPathComponent())
    }

    /// Adds a new key to a file; from the next start on it seals. The file is replaced whole.
    ///
    /// - Returns: the ring with the new key.
    public static func rotate(_ file: URL) throws -> KeyRing {
        _ = try KeyRing(file: file)
        var data = try Data(contentsOf: file)
        if data.last != UInt8(ascii: "\n") { data.append(UInt8(ascii: "\n")) }
        data.append(Data(newLine().utf8))
        let temporary = file.deletingLastPathComponent()
            .appendingPathComponent(".\(file.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp")
        TemporaryPaths.insert(temporary.path)
        do {
            try DurableFile.write(data, to: temporary)
            try DurableFile.rename(temporary, to: file)
            TemporaryPaths.forget(temporary.path)
        } catch {
            TemporaryPaths.removeNow(temporary.path)
            throw error
        }
        return try KeyRing(file: file)
    }

    /// The names of the keys, the newest first; they say nothing of the keys.
    public var ids: [String] { keys.reversed().map(\.id) }

    /// The key that seals.
    var newest: Key { keys[keys.count - 1] }

    /// The key that a sealed blob names.
    func key(_ id: String) -> SymmetricKey? {
        keys.first { $0.id == id }?.key
    }

    private static let remark = "# Keys of Cutis, the newest last. Keep a copy: without them no image can be opened.\n"

    private static func newLine() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).base64EncodedString() } + "\n"
    }

    private static func id(of key: Data) -> String {
        let hash = SHA256.hash(data: Data("cutis key id".utf8) + key)
        return hash.prefix(8).map { String(format: "%02x", $0) }.joined()
    }

    private static func invalid(_ message: String) -> CutisError {
        CutisError(
            .configInvalid, message,
            remedy: "Give keys of 32 random bytes in Base64, one in each line (`openssl rand -base64 32`).")
    }
}
