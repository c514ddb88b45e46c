import CutisCore
import Foundation
import NIOCore

/// The three parts of a token (JWS compact serialisation, RFC 7515), read with bounds before anything is believed.
struct JSONWebToken {
    /// The longest token that is read, in bytes.
    static let lengthLimit = 8 << 10

    /// What the header says; of all its members only these are looked at. Keys or addresses of keys that a header
    /// brings along (`jwk`, `jku`, `x5c`, `x5u`) are never used.
    var algorithm: String
    var keyID: String?
    var claims: JSONFields
    /// What was signed: the first two parts with the dot between them.
    var signed: Data
    var signature: Data

    /// Reads a token.
    ///
    /// - Throws: `CutisError` with `.unauthenticated`.
    init(_ text: String) throws(CutisError) {
        guard text.utf8.count <= Self.lengthLimit else {
            throw Self.refused("is longer than \(Self.lengthLimit) bytes")
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.refused("does not have three parts") }
        var decoded: [Data] = []
        for part in parts {
            guard let data = Self.base64URL(part) else { throw Self.refused("is not base64url") }
            decoded.append(data)
        }
        var header = try Self.object(decoded[0])
        claims = try Self.object(decoded[1])
        do {
            algorithm = try header.text("alg", length: 1...16)
            keyID = try header.optionalText("kid", length: 1...256)
        } catch {
            throw Self.refused("has a header without a usable algorithm and key")
        }
        // Extensions that must be understood are none that this server understands (RFC 7515, 4.1.11).
        if header.node("crit") != nil { throw Self.refused("asks for extensions") }
        signed = Data("\(parts[0]).\(parts[1])".utf8)
        signature = decoded[2]
    }

    /// A refusal that says nothing of what would have been right.
    static func refused(_ what: String) -> CutisError {
        CutisError(.unauthenticated, "The token \(what).", remedy: "Sign in again at your identity provider.")
    }

    private static func object(_ data: Data) throws(CutisError) -> JSONFields {
        do {
            return try JSONFields(JSONDocument(ByteBuffer(bytes: data), limits: .init(depth: 8, values: 1000)))
        } catch {
            throw refused("does not hold JSON objects")
        }
    }

    /// The bytes of base64url without padding (RFC 7515, appendix C); nil for anything else.
    private static func base64URL(_ text: Substring) -> Data? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): bytes.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): bytes.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: bytes.append(byte)
            }
        }
        return bytes.withUnsafeBytes { try? Base64.decode($0, limit: lengthLimit).get() }
    }
}
