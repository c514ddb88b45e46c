public import Foundation

/// Where bytes that are too large for the database are kept: put, get, get a part, delete; no metadata.
///
/// Keys are made by the service (identifiers, never names of patients), of the characters a–z, 0–9, `-`, `_` and `/`
/// (`BlobKey`). The contract that all stores keep is `BlobStoreContractTests`.
public protocol BlobStore: Sendable {
    /// Keeps bytes; when this returns they survive a crash. A key is written once: another content is a `.conflict`.
    func put(_ key: String, _ data: Data) async throws

    /// Puts other bytes in the place of a key's: a reader gets the old ones or the new ones whole. Only the renewal of
    /// encryption needs it; what the bytes stand for stays the same.
    ///
    /// - Throws: `CutisError` with `.blobMissing` where the key is not there.
    func replace(_ key: String, _ data: Data) async throws

    /// The bytes of a key.
    ///
    /// - Throws: `CutisError` with `.blobMissing`.
    func get(_ key: String) async throws -> Data

    /// A part of the bytes of a key; `range` is cut to what there is.
    func get(_ key: String, range: Range<Int>) async throws -> Data

    /// Removes a key; one that is not there is no error.
    func delete(_ key: String) async throws

    /// All keys with a prefix, in any order.
    func keys(prefix: String) async throws -> [String]
}
