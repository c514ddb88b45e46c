import CutisCore
import CutisStorage
public import Foundation
import GRDB

#if canImport(Glibc)
    import Glibc
#endif

extension SQLiteDatabase {
    /// Reads the whole file and checks its structure, indexes and foreign keys; takes about a second for a gigabyte.
    ///
    /// - Throws: `CutisError` with `.storageCorrupt`, which says what is damaged.
    public func checkIntegrity() async throws {
        try checkOpen()
        do {
            try await pool.read { try Self.checkIntegrity(of: $0, path: self.url.path) }
        } catch {
            throw SQLiteFailure.translated(error, path: url.path)
        }
    }

    /// Writes one state of the database to a file, while others read and write.
    ///
    /// The file is whole when it appears under its name, is on the disk, has no log beside it, and has been checked.
    ///
    /// - Throws: `CutisError` with `.outputUnwritable` where the file exists or cannot be written, `.noSpaceLeft`, or
    ///   `.storageCorrupt` where the database is damaged.
    public func backup(to target: URL) async throws {
        try checkOpen()
        let pool = pool
        try await BlockingWork.run {
            guard !FileManager.default.fileExists(atPath: target.path) else {
                throw CutisError(
                    .outputUnwritable, "\(target.path) already exists.",
                    remedy: "Choose another name for the backup or remove this one.")
            }
            let temporary = target.deletingLastPathComponent()
                .appendingPathComponent(".\(target.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp")
            TemporaryPaths.insert(temporary.path)
            do {
                try Self.copy(pool, to: temporary)
                try DurableFile.rename(temporary, to: target)
                TemporaryPaths.forget(temporary.path)
            } catch {
                for suffix in ["", "-journal", "-wal", "-shm"] { TemporaryPaths.removeNow(temporary.path + suffix) }
                throw SQLiteFailure.translated(error, path: target.path)
            }
        }
    }

    private static func copy(_ pool: DatabasePool, to temporary: URL) throws {
        try DurableFile.create(temporary)
        let copy = try DatabaseQueue(path: temporary.path)
        try pool.backup(to: copy)
        try copy.writeWithoutTransaction { connection in
            try connection.execute(sql: "PRAGMA journal_mode = DELETE")
            try checkIntegrity(of: connection, path: temporary.path)
        }
        try copy.close()
        try DurableFile.synchronise(temporary)
    }

    private static func checkIntegrity(of connection: GRDB.Database, path: String) throws {
        let found = try String.fetchAll(connection, sql: "PRAGMA integrity_check(3)")
        guard found == ["ok"] else { throw SQLiteFailure.corrupt(path, found.joined(separator: "; ")) }
        if let row = try Row.fetchOne(connection, sql: "PRAGMA foreign_key_check") {
            let (table, target) = (row[0] as String, row[2] as String)
            throw SQLiteFailure.corrupt(path, "a row of \(table) refers to a missing row of \(target)")
        }
    }
}
