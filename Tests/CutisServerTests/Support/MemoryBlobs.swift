import CutisCore
import CutisStorage
import Foundation
import Synchronization

/// A blob store in memory.
final class MemoryBlobs: BlobStore {
    private let blobs = Mutex<[String: Data]>([:])
    private let failure = Mutex<CutisError?>(nil)

    /// Lets every reading and writing fail, until told otherwise.
    func fail(_ error: CutisError?) { failure.withLock { $0 = error } }

    private func check() throws { if let error = failure.withLock({ $0 }) { throw error } }

    func put(_ key: String, _ data: Data) async throws {
        try check()
        blobs.withLock { $0[key] = data }
    }

    func replace(_ key: String, _ data: Data) async throws { blobs.withLock { $0[key] = data } }

    func get(_ key: String) async throws -> Data {
        try check()
        guard let data = blobs.withLock({ $0[key] }) else {
            throw CutisError(.blobMissing, "The blob is missing.", remedy: "Restore it.")
        }
        return data
    }

    func get(_ key: String, range: Range<Int>) async throws -> Data {
        let data = try await get(key)
        return data[range.clamped(to: data.indices)]
    }

    func delete(_ key: String) async throws { blobs.withLock { $0[key] = nil } }

    func keys(prefix: String) async throws -> [String] {
        blobs.withLock { $0.keys.filter { $0.hasPrefix(prefix) } }
    }

    func removeAll() { blobs.withLock { $0 = [:] } }
}
