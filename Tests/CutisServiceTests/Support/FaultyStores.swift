import CutisCore
import CutisStorage
import Foundation
import Synchronization

/// Blobs in memory, which can be made to fail.
final class MemoryBlobs: BlobStore {
    private struct State {
        var blobs: [String: Data] = [:]
        var failsPut = false
        var failsDelete = false
        var isSlow = false
    }

    private let state = Mutex(State())
    private static let failure = CutisError(.noSpaceLeft, "The disk is full.", remedy: "Make room.")

    var all: [String: Data] { state.withLock { $0.blobs } }
    func failPuts(_ fails: Bool) { state.withLock { $0.failsPut = fails } }
    func failDeletes(_ fails: Bool) { state.withLock { $0.failsDelete = fails } }
    func slowPuts(_ slow: Bool) { state.withLock { $0.isSlow = slow } }

    func put(_ key: String, _ data: Data) async throws {
        if state.withLock({ $0.isSlow }) { try? await Task.sleep(for: .milliseconds(80)) }
        try state.withLock { state in
            if state.failsPut { throw Self.failure }
            state.blobs[key] = data
        }
    }

    func replace(_ key: String, _ data: Data) async throws { state.withLock { $0.blobs[key] = data } }

    func get(_ key: String) async throws -> Data {
        guard let data = all[key] else {
            throw CutisError(.blobMissing, "The blob is missing.", remedy: "Restore it.")
        }
        return data
    }

    func get(_ key: String, range: Range<Int>) async throws -> Data {
        let data = try await get(key)
        return data.subdata(in: range.clamped(to: 0..<data.count))
    }

    func delete(_ key: String) async throws {
        try state.withLock { state in
            if state.failsDelete { throw Self.failure }
            state.blobs[key] = nil
        }
    }

    func keys(prefix: String) async throws -> [String] { all.keys.filter { $0.hasPrefix(prefix) } }
}

/// A database whose writes can be made to fail: before they begin, or after they were committed.
final class FaultyDatabase: CutisStorage.Database {
    enum Fault: Sendable { case none, atCommit, afterCommit }

    private let base: any CutisStorage.Database
    private let fault = Mutex(Fault.none)
    private let writeCount = Mutex(0)

    init(_ base: any CutisStorage.Database) {
        self.base = base
    }

    func fail(_ kind: Fault) { fault.withLock { $0 = kind } }
    var writes: Int { writeCount.withLock { $0 } }

    var dialect: SQLDialect { base.dialect }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result { try await base.read(body) }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        let failure = CutisError(.storageUnavailable, "The database is gone.", remedy: "Bring it back.")
        let kind = fault.withLock { $0 }
        writeCount.withLock { $0 += 1 }
        // The body runs to its end and is undone, as when the commit itself fails.
        let result = try await base.write { transaction in
            let result = try body(transaction)
            if kind == .atCommit { throw failure }
            return result
        }
        if kind == .afterCommit { throw failure }
        return result
    }

    func eraseRemains() async throws { try await base.eraseRemains() }
    func close() async { await base.close() }
}
