public import CutisCore

/// The keys of blobs: what every store accepts, so that a key cannot leave a folder or mean two blobs.
public enum BlobKey {
    /// No key is longer.
    public static let longest = 512
    /// No part between slashes is longer: a file system allows 255 bytes.
    static let longestPart = 200

    /// Checks a key: parts of a–z, 0–9, `-` and `_`, joined by single slashes.
    ///
    /// - Throws: `CutisError` with `.requestInvalid`.
    public static func check(_ key: String) throws(CutisError) {
        let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard key.utf8.count <= longest, parts.allSatisfy({ 1...longestPart ~= $0.count && $0.allSatisfy(isAllowed) })
        else { throw invalid(key) }
    }

    /// Checks the beginning of a key, as `keys(prefix:)` takes it; it may be empty.
    ///
    /// - Throws: `CutisError` with `.requestInvalid`.
    public static func check(prefix: String) throws(CutisError) {
        let parts = prefix.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // Only the last part may be empty: "images/" is the beginning of "images/a".
        guard prefix.utf8.count <= longest, prefix.utf8.allSatisfy({ isAllowed($0) || $0 == UInt8(ascii: "/") }),
            parts.dropLast().allSatisfy({ !$0.isEmpty })
        else { throw invalid(prefix) }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func invalid(_ key: String) -> CutisError {
        CutisError(
            .requestInvalid, "“\(key.prefix(60))” is not a key of a blob.",
            remedy: "Use parts of a–z, 0–9, - and _ of at most \(longestPart) characters, joined by single slashes.")
    }
}

extension CutisError {
    /// The error of a store that has no such blob.
    package static func blobMissing(_ key: String) -> CutisError {
        CutisError(
            .blobMissing, "The blob \(key) is missing.",
            remedy: "Restore it from a backup; the record that refers to it is still there.")
    }

    /// The error of a store whose key has another content already.
    package static func blobConflict(_ key: String) -> CutisError {
        CutisError(
            .conflict, "The blob \(key) exists with another content.",
            remedy: "A key is written once: make a new one.")
    }
}
