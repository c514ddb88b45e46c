public import Crypto
public import CutisCore
import CutisStorage
public import Foundation

/// The secret of one installation, from which every other key is derived (HKDF-SHA-256, RFC 5869).
///
/// Without it pseudonyms cannot be made again and the head of the audit trail cannot be signed: it belongs into the
/// backup of secrets, and never into the database.
public struct InstallationSecret: Sendable {
    /// How many random bytes a secret has.
    public static let byteCount = 32
    private let key: SymmetricKey

    /// Takes a secret's bytes.
    ///
    /// - Throws: `CutisError` with `.configInvalid` where there are fewer than `byteCount`.
    public init(_ bytes: Data) throws(CutisError) {
        guard bytes.count >= Self.byteCount else {
            throw CutisError(
                .configInvalid,
                "The installation's secret has \(bytes.count) bytes, \(Self.byteCount) are needed.",
                remedy: "Restore the file of the secret from its backup.")
        }
        key = SymmetricKey(data: bytes)
    }

    /// Reads a secret from text: 32 bytes or more in Base64; empty lines and lines that begin with # do not count.
    ///
    /// - Parameter source: where the text comes from, for errors; the text itself is never shown.
    /// - Throws: `CutisError` with `.configInvalid`.
    public init(text: String, source: String) throws(CutisError) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard lines.count == 1, let bytes = Data(base64Encoded: lines[0]) else {
            throw CutisError(
                .configInvalid, "\(source) does not hold one secret in Base64.",
                remedy: "Restore it from its backup; without it patients are not found again.")
        }
        try self.init(bytes)
    }

    /// Reads the secret of a file; with `creates` a file that is missing is made with a new secret, readable by its
    /// owner alone.
    ///
    /// - Throws: `CutisError`: `.fileNotFound`, `.fileUnreadable`, `.configInvalid`, or `.outputUnwritable`.
    public init(file: URL, creates: Bool) throws {
        if creates, !FileManager.default.fileExists(atPath: file.path) {
            let text =
                "# The secret of this installation of Cutis. Keep a copy: without it patients are not found again.\n"
            try DurableFile.write(Data((text + Self.makeBytes().base64EncodedString() + "\n").utf8), to: file)
            try DurableFile.synchronise(file.deletingLastPathComponent())
        }
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw CutisError(
                .fileNotFound, "The file of the installation's secret, \(file.path), is missing.",
                remedy: "Restore it from its backup; without it patients are not found again.")
        }
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw CutisError(
                .fileUnreadable, "The file of the installation's secret, \(file.path), cannot be read.",
                remedy: "Check that it belongs to the user that runs Cutis.")
        }
        try self.init(text: String(decoding: data, as: UTF8.self), source: file.path)
    }

    /// A new secret's bytes.
    public static func makeBytes() -> Data { SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) } }

    /// A key for one purpose; purposes never share a key.
    public func key(for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Data("cutis:\(purpose)".utf8), outputByteCount: 32)
    }

    /// A keyed hash (HMAC-SHA-256) in hexadecimal.
    public func code(_ text: String, purpose: String) -> String {
        Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key(for: purpose)))
    }

    /// What tells secrets apart without telling them.
    public var fingerprint: String { String(code("fingerprint", purpose: "fingerprint").prefix(16)) }
}

/// Bytes as lower-case hexadecimal text.
package enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(64)
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of a text; nil where it is not hexadecimal.
    package static func bytes(_ text: String) -> Data? {
        let units = Array(text.utf8)
        guard units.count.isMultiple(of: 2) else { return nil }
        var out = Data(capacity: units.count / 2)
        for index in stride(from: 0, to: units.count, by: 2) {
            guard let high = digits.firstIndex(of: units[index]), let low = digits.firstIndex(of: units[index + 1])
            else { return nil }
            out.append(UInt8(high << 4 | low))
        }
        return out
    }

    package static func sha256(_ data: some DataProtocol) -> String { text(SHA256.hash(data: data)) }
}
