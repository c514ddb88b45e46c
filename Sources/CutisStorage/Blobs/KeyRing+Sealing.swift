import Crypto
public import CutisCore
public import Foundation

/// Sealing: AES-256-GCM (NIST SP 800-38D) with a new random nonce each time.
///
/// Sealed bytes are `CUTS`, the version 1, the length of the key's name, the name, a nonce of 12 bytes, the encrypted
/// bytes and a tag of 16. All before the nonce, and the name of the place where the bytes are kept, are authenticated.
extension KeyRing {
    private static let magic = Data("CUTS".utf8) + [1]

    /// Seals bytes by the newest key.
    ///
    /// - Parameter place: where they are kept, such as a blob's key; they open under the same name alone.
    public func seal(_ data: Data, as place: String) throws -> Data {
        let id = Data(newest.id.utf8)
        let header = Self.magic + [UInt8(id.count)] + id
        let box = try AES.GCM.seal(data, using: newest.key, authenticating: header + Data(place.utf8))
        return header + box.nonce + box.ciphertext + box.tag
    }

    /// Opens sealed bytes.
    ///
    /// - Throws: `CutisError` with `.storageCorrupt` where they were changed, cut off, moved from another place, or
    ///   sealed by a key that is not in the ring.
    public func open(_ sealed: Data, as place: String) throws(CutisError) -> Data {
        let sealed = Data(sealed)
        guard sealed.prefix(Self.magic.count) == Self.magic else { throw Self.corrupt(place, "is not sealed by Cutis") }
        guard let (header, id) = Self.header(of: sealed) else { throw Self.corrupt(place, "is cut off") }
        guard let secret = key(id) else {
            throw CutisError(
                .storageCorrupt, "The blob \(place) was sealed by a key that is not in the ring (\(id.prefix(32))).",
                remedy: "Put the key back into the key file; the ring has \(ids.joined(separator: ", ")).")
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed[header.count...])
            return try AES.GCM.open(box, using: secret, authenticating: header + Data(place.utf8))
        } catch {
            throw Self.corrupt(place, "was changed since it was sealed")
        }
    }

    /// Whether the newest key sealed some bytes.
    func isNewest(_ sealed: Data) -> Bool {
        Self.header(of: Data(sealed))?.id == newest.id
    }

    /// What stands before the nonce, and the key's name in it.
    private static func header(of sealed: Data) -> (bytes: Data, id: String)? {
        let prefix = magic.count + 1
        guard sealed.count >= prefix else { return nil }
        let length = prefix + Int(sealed[prefix - 1])
        // Without a text there are still the nonce and the tag.
        guard sealed.count >= length + 28, let id = String(data: sealed[prefix..<length], encoding: .utf8) else {
            return nil
        }
        return (sealed.prefix(length), id)
    }

    private static func corrupt(_ place: String, _ what: String) -> CutisError {
        CutisError(
            .storageCorrupt, "The blob \(place) \(what).",
            remedy: "Check the disk and restore the blob from a backup; the record that refers to it is still there.")
    }
}
