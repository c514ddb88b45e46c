import CutisCore
import CutisStorage
import CutisStorageSQLite
import Foundation
import Testing

/// A kind of database that keeps the contract. The tests of the contract, of the schema and of the repositories run on
/// each one.
struct DatabaseBackend: Sendable, CustomTestStringConvertible {
    let name: String
    /// Runs a body on a new, empty database, and removes it.
    let withEmpty: @Sendable (@Sendable (any Database) async throws -> Void) async throws -> Void

    var testDescription: String { name }

    /// Runs a body on a new database that has the schema.
    func with(_ body: @Sendable (any Database) async throws -> Void) async throws {
        try await withEmpty { database in
            try await Schema.migrate(database)
            try await body(database)
        }
    }

    static let all: [DatabaseBackend] = PostgresServer.isAvailable ? [.sqlite, .postgres] : [.sqlite]

    static let sqlite = DatabaseBackend(name: "SQLite") { body in
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(folder.appendingPathComponent("cutis.db"))
            do {
                try await body(database)
                await database.close()
            } catch {
                await database.close()
                throw error
            }
        }
    }
}

/// A kind of blob store that keeps the contract.
struct BlobBackend: Sendable, CustomTestStringConvertible {
    let name: String
    /// Runs a body on a new, empty store, and removes it.
    let with: @Sendable (@Sendable (any BlobStore) async throws -> Void) async throws -> Void

    var testDescription: String { name }

    static let all: [BlobBackend] = [.files, .sealedFiles] + (S3Server.isAvailable ? [.s3] : [])

    static let files = BlobBackend(name: "files") { body in
        try await withTemporaryFolder { try await body(FileBlobStore($0.appendingPathComponent("blobs"))) }
    }

    static let sealedFiles = BlobBackend(name: "sealed files") { body in
        try await withTemporaryFolder { folder in
            let store = try FileBlobStore(folder.appendingPathComponent("blobs"))
            let keys = folder.appendingPathComponent("keys")
            try await body(try await SealedBlobStore.open(store, keyFile: keys))
        }
    }
}

/// Runs a body with a new folder, and removes it.
func withTemporaryFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-storage-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
}

/// The code of the error that a body throws; nil where it throws none, or another.
func code<Result>(of body: () async throws -> Result) async -> ErrorCode? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? CutisError)?.code
    }
}

/// Expects a body to throw an error with a code.
///
/// A function of its own: closures within an `#expect` can take each other's place when they are compiled.
func expect<Result>(
    _ wanted: ErrorCode, _ about: String = "", location: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Result
) async {
    let found = await code(of: body)
    #expect(found == wanted, "\(about)", sourceLocation: location)
}
