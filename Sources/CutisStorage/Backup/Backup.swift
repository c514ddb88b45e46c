import CutisCore
public import Foundation

/// Copies of everything that the service keeps, from which it can be brought back.
public enum Backup {
    /// Sessions of browsers are not part of a backup: whoever has signed out must not be signed in by a restore.
    static let leftOut: Set<String> = ["web_session"]

    /// Writes a backup of a database and its blobs while both are in use.
    ///
    /// The rows are those of one moment, except the tombstones, which are read last: what is deleted meanwhile is
    /// deleted again by a restore. The blobs are those that the rows refer to, and the store's own (keys without a
    /// slash). Memory is bounded by a page of rows and eight blobs.
    ///
    /// - Parameters:
    ///   - database: of this version's schema or an older one.
    ///   - blobs: the store beneath the sealing one, so that sealed blobs stay sealed; the keys are no part of a backup
    ///     and must be kept elsewhere.
    ///   - folder: where the backup goes; it appears when it is whole.
    /// - Returns: what was written; `blobs.missing` names what the store should have had.
    /// - Throws: `CutisError` with `.outputUnwritable` where the folder is there already, `.noSpaceLeft`,
    ///   `.schemaMismatch`, `.storageUnavailable` or `.storageCorrupt`.
    public static func write(
        _ database: any Database, blobs: any BlobStore, to folder: URL, at time: Int64 = Timestamp.now
    ) async throws -> BackupManifest {
        try await BackupFolder.create(folder) { folder in
            let dialect = database.dialect
            let dump = try await database.read { try TableDump(of: $0, dialect: dialect, into: folder) }
            let own = try await blobs.keys(prefix: "").filter { !$0.contains("/") }
            let packed = try await BlobPacker(folder: folder).pack(dump.blobKeys.union(own).sorted(), from: blobs)
            let tombstones = try await database.read { transaction in
                try TableLayout.all(in: transaction, dialect: dialect).filter { $0.name == TombstoneRecord.table }
                    .map { try TableDump.write($0, of: transaction, into: folder) }
            }
            let manifest = BackupManifest(
                format: 1, createdAt: time, dialect: dialect.rawValue, migrations: dump.migrations,
                tables: dump.tables + tombstones, blobs: packed, auditSequence: dump.head.sequence,
                auditHash: dump.head.hash)
            try folder.write(manifest)
            return manifest
        }
    }

    /// Reads a whole backup and compares everything with its hash, without changing anything.
    ///
    /// - Throws: `CutisError` with `.fileNotFound` for a folder that is no backup, `.dataInvalid` for one that is
    ///   damaged, `.schemaMismatch` for one of a later version.
    @discardableResult
    public static func verify(_ folder: URL) async throws -> BackupManifest {
        try await BlockingWork.run {
            let backup = try BackupReader(folder)
            try backup.verify { _, _ in }
            return backup.manifest
        }
    }
}

/// The rows of a database at one moment, on their way into a backup.
private struct TableDump: Sendable {
    let migrations: [String]
    let head: AuditHead
    var tables: [BackupManifest.Table] = []
    /// The blobs that rows refer to.
    var blobKeys: Set<String> = []

    init(of transaction: any Transaction, dialect: SQLDialect, into folder: BackupFolder) throws {
        migrations = try TableLayout.migrations(of: transaction, dialect: dialect)
        guard !migrations.isEmpty else {
            throw CutisError(
                .schemaMismatch, "The database is empty: it has no schema yet.",
                remedy: "Check the data folder; start `cutis serve` once to make a database.")
        }
        head = try AuditRepository(transaction).head()
        for layout in try TableLayout.all(in: transaction, dialect: dialect)
        where layout.name != TombstoneRecord.table && !Backup.leftOut.contains(layout.name) {
            tables.append(try Self.write(layout, of: transaction, into: folder) { blobKeys.insert($0) })
        }
    }

    static func write(
        _ layout: TableLayout, of transaction: any Transaction, into folder: BackupFolder,
        onBlob: (String) -> Void = { _ in }
    ) throws -> BackupManifest.Table {
        let file = try HashedFile(folder.table(layout.name))
        let blob = layout.place(of: "blob_key")
        var count = 0
        try layout.forEachPage(in: transaction) { rows in
            var data = Data()
            for row in rows {
                RowCoding.append(row, to: &data)
                if let blob, case .text(let key) = row[blob] { onBlob(key) }
            }
            count += rows.count
            try file.append(data)
        }
        let (size, hash) = try file.finish()
        return BackupManifest.Table(name: layout.name, columns: layout.columns, rows: count, bytes: size, sha256: hash)
    }
}
