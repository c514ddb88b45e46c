import CutisCore
public import Foundation

/// Brings a backup back.
public enum Restore {
    /// What came back.
    public struct Report: Sendable, Hashable {
        /// What was in the backup.
        public var manifest: BackupManifest
        /// How many rows came back.
        public var rows: Int
        /// How many blobs came back.
        public var blobs: Int
        /// How many rows stayed deleted, by tables.
        public var deleted: [String: Int]
        /// The migrations that were applied after the rows were there, where the backup is older than this version.
        public var migrated: [String]
    }

    /// Reads a backup into an empty database and an empty blob store.
    ///
    /// Every hash is compared before anything is changed, and once more while it is read. The rows come in one
    /// transaction after the blobs: a restore that fails or is stopped leaves no row, and the blobs that it had put are
    /// removed where it can. Sessions of browsers do not come back: everybody signs in anew.
    ///
    /// - Parameters:
    ///   - folder: what `Backup.write` made.
    ///   - database: without rows; it gets the backup's schema, then this version's.
    ///   - blobs: an empty store, of the level that was given to `Backup.write` (beneath the sealing one).
    ///   - present: what the store that is replaced knows of deletions since; they are done again before anything of
    ///     them is written.
    /// - Throws: `CutisError` with `.dataInvalid` for a damaged backup, `.conflict` where the target is not empty,
    ///   `.schemaMismatch`, `.noSpaceLeft` or `.storageUnavailable`.
    public static func read(
        _ folder: URL, into database: any Database, blobs: any BlobStore, present: PresentState = PresentState()
    ) async throws -> Report {
        let backup = try await BlockingWork.run { try BackupReader(folder) }
        let dialect = database.dialect
        try await database.read { try TableLayout.checkEmpty($0, dialect: dialect) }
        guard try await blobs.keys(prefix: "").isEmpty else {
            throw CutisError(
                .conflict, "The target's blob store is not empty.",
                remedy: "Name a new data folder or an empty bucket; nothing was changed.")
        }
        // The first pass, without the layouts, proves the hashes; the target is still untouched.
        try await BlockingWork.run { try backup.verify { _, _ in } }
        let source = "The backup \(folder.path)"
        try await TableLayout.prepare(database, migrations: backup.manifest.migrations, source: source)
        let layouts = try await database.read { try TableLayout.all(in: $0, dialect: dialect) }
        let plan = try RestorePlan(backup, layouts: layouts, present: present)
        let skipped = try await BlockingWork.run { try plan.skippedBlobs() }
        let count = try await BlobRestore(backup: backup, store: blobs, skipped: skipped).run()
        let (rows, deleted): (Int, [String: Int])
        do {
            (rows, deleted) = try await database.write { try plan.load(in: $0) }
        } catch {
            await BlobRestore(backup: backup, store: blobs, skipped: skipped).undo()
            throw error
        }
        let migrated = try await Schema.migrate(database)
        return Report(manifest: backup.manifest, rows: rows, blobs: count, deleted: deleted, migrated: migrated)
    }
}

/// Which rows go where.
private struct RestorePlan: Sendable {
    private let backup: BackupReader
    /// The tables of the backup in the order in which rows can be added.
    private let tables: [(BackupManifest.Table, TableLayout)]
    private let present: PresentState

    init(_ backup: BackupReader, layouts: [TableLayout], present: PresentState) throws(CutisError) {
        self.backup = backup
        self.present = present
        var tables: [(BackupManifest.Table, TableLayout)] = []
        for layout in layouts where !Backup.leftOut.contains(layout.name) {
            guard let table = backup.manifest.tables.first(where: { $0.name == layout.name }),
                table.columns == layout.columns
            else { throw backup.damaged("the table \(layout.name) is missing or has other columns") }
            tables.append((table, layout))
        }
        self.tables = tables
    }

    /// The blobs of rows that stay deleted.
    func skippedBlobs() throws -> Set<String> {
        var filter = try filter()
        for (table, layout) in tables {
            try backup.forEachPage(of: table) { _ = filter.remaining($0, of: layout) }
        }
        return filter.blobKeys
    }

    /// Adds all rows; runs from the beginning each time.
    func load(in transaction: any Transaction) throws -> (Int, [String: Int]) {
        var filter = try filter()
        var count = 0
        for (table, layout) in tables {
            try layout.removeSeeds(in: transaction)
            try backup.forEachPage(of: table) { page in
                let rows = filter.remaining(page, of: layout)
                try layout.insert(rows, into: transaction)
                count += rows.count
            }
        }
        try present.apply(in: transaction)
        let head = try AuditRepository(transaction).head()
        guard head.sequence == backup.manifest.auditSequence, head.hash == backup.manifest.auditHash else {
            throw backup.damaged("the end of its audit trail is not the one in its manifest")
        }
        return (count, filter.counts)
    }

    /// What was deleted: by the tombstones of the backup, which are newer than its rows, and of the present store.
    private func filter() throws -> DeletedRows {
        var filter = DeletedRows()
        for tombstone in present.tombstones { filter.insert(kind: tombstone.kind, id: tombstone.id) }
        for (table, layout) in tables where layout.name == TombstoneRecord.table {
            guard let kind = layout.place(of: "kind"), let id = layout.place(of: "id") else { continue }
            try backup.forEachPage(of: table) { page in
                for row in page {
                    if case .text(let kind) = row[kind], case .text(let id) = row[id] {
                        filter.insert(kind: kind, id: id)
                    }
                }
            }
        }
        return filter
    }
}

/// Puts the blobs of a backup into a store.
private struct BlobRestore: Sendable {
    let backup: BackupReader
    let store: any BlobStore
    let skipped: Set<String>

    /// How many blobs are put at once: a store waits for its disk or network, and shares a wait among several.
    private static let width = 32

    /// Puts all blobs but those that stay deleted.
    ///
    /// - Returns: how many.
    func run() async throws -> Int {
        let source = try Source(backup.folder)
        do {
            return try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<Self.width {
                    group.addTask {
                        var count = 0
                        while let (key, data) = try await source.next() {
                            guard !skipped.contains(key) else { continue }
                            try await store.put(key, data)
                            count += 1
                        }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
        } catch {
            await undo()
            throw error
        }
    }

    /// Removes what was put; what cannot be removed stays, unreadable without the rows' keys and referred to by nothing.
    func undo() async {
        guard let source = try? Source(backup.folder) else { return }
        while let (key, _) = try? await source.next() { try? await store.delete(key) }
    }

    /// Hands out the blobs one at a time.
    private actor Source {
        private let blobs: BlobUnpacker

        init(_ folder: BackupFolder) throws {
            blobs = try BlobUnpacker(folder)
        }

        func next() throws -> (String, Data)? {
            try blobs.next().map { ($0.key, $0.data) }
        }
    }
}
