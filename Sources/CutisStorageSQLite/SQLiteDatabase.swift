import CutisCore
public import CutisStorage
public import Foundation
import GRDB
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The service's database in one file of SQLite.
///
/// Readers work beside the writer (write-ahead log). A write returns when its commit is on the disk
/// (`synchronous=FULL`); writes that come at the same time share a commit.
public final class SQLiteDatabase: CutisStorage.Database {
    /// How a database is opened.
    public struct Options: Sendable {
        /// Makes the file where there is none; otherwise a missing or empty file is an error.
        public var creates: Bool
        /// How long a statement waits for a lock of another process, in seconds.
        public var busyTimeout: Double
        /// How many readers work at once.
        public var readers: Int

        /// Makes options; the defaults are those of the service.
        public init(creates: Bool = true, busyTimeout: Double = 5, readers: Int = 4) {
            self.creates = creates
            self.busyTimeout = busyTimeout
            self.readers = readers
        }
    }

    /// The file of the database.
    public let url: URL
    /// SQLite's.
    public var dialect: SQLDialect { .sqlite }

    let pool: DatabasePool
    private let commits: GroupCommit
    private let isClosed = Mutex(false)

    /// Opens a database, and makes it where there is none.
    ///
    /// The file is readable by its owner alone.
    ///
    /// - Throws: `CutisError` with `.storageUnavailable` (missing, not writable, locked by another process),
    ///   `.storageCorrupt` or `.noSpaceLeft`.
    public init(_ url: URL, options: Options = Options()) throws {
        self.url = url
        try Self.prepareFile(url, creates: options.creates)
        do {
            pool = try DatabasePool(path: url.path, configuration: Self.configuration(options))
            // GRDB sets a weaker mode where it turns the write-ahead log on.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw SQLiteFailure.translated(error, path: url.path)
        }
        commits = GroupCommit(pool)
    }

    /// Runs a body that only reads; it sees one state of the database.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        try checkOpen()
        let path = url.path
        do {
            return try await pool.read { try body(SQLiteTransaction(connection: $0, path: path)) }
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    /// Runs a body in a savepoint of its own and returns when the commit that holds it is on the disk.
    @discardableResult
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        try checkOpen()
        return try await commits.write(body)
    }

    /// Cuts the log off, in which deleted rows are still found; the file itself has zeros in their place.
    public func eraseRemains() async throws {
        try checkOpen()
        do {
            // Deleted rows are overwritten in the file (`secure_delete`); the log still has them until it is cut off.
            _ = try await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } catch {
            throw SQLiteFailure.translated(error, path: url.path)
        }
    }

    /// Waits for the writes that have begun and ends all connections.
    public func close() async {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        // Writes are committed in the order in which they came: after this one there is none left.
        try? await commits.write { _ in }
        let pool = pool
        await BlockingWork.run {
            // The last connection to close brings the log into the file and removes it: it must be the writer's.
            pool.invalidateReadOnlyConnections()
            try? pool.close()
        }
    }

    func checkOpen() throws {
        guard !isClosed.withLock({ $0 }) else {
            throw CutisError(
                .storageUnavailable, "The database \(url.path) is closed.",
                remedy: "The service is stopping; send the request again when it is up.")
        }
    }

    private static func configuration(_ options: Options) -> Configuration {
        var configuration = Configuration()
        configuration.label = "cutis.database"
        configuration.busyMode = .timeout(options.busyTimeout)
        configuration.maximumReaderCount = options.readers
        configuration.prepareDatabase { connection in
            try connection.execute(sql: "PRAGMA secure_delete = ON")
            try connection.execute(sql: "PRAGMA recursive_triggers = ON")
            try connection.execute(sql: "PRAGMA cell_size_check = ON")
            try connection.execute(sql: "PRAGMA trusted_schema = OFF")
            try connection.execute(sql: "PRAGMA temp_store = MEMORY")
            // The system keeps the file in memory anyway; by default each connection would add up to 2 MB over days.
            try connection.execute(sql: "PRAGMA cache_size = -1024")
        }
        return configuration
    }

    /// Looks at the file before SQLite does, which would throw away a log whose database is gone.
    private static func prepareFile(_ url: URL, creates: Bool) throws(CutisError) {
        let path = url.path
        var status = stat()
        let size = stat(path, &status) == 0 ? Int(status.st_size) : 0
        var log = stat()
        let hasLog = stat(path + "-wal", &log) == 0 && log.st_size > 0
        if size == 0 {
            if hasLog {
                throw SQLiteFailure.corrupt(path, "its log is there, but the file is missing or empty")
            }
            guard creates else {
                throw CutisError(
                    .storageUnavailable, "There is no database at \(path).",
                    remedy: "Check the data folder (`--data`); `cutis restore` brings a backup back.")
            }
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw unopenable(path, errno) }
            Glibc.close(descriptor)
            return
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unopenable(path, errno) }
        defer { Glibc.close(descriptor) }
        var header = [UInt8](repeating: 0, count: 18)
        guard Glibc.read(descriptor, &header, 18) == 18, header.starts(with: "SQLite format 3\0".utf8) else {
            throw SQLiteFailure.corrupt(path, "it is not a database of SQLite")
        }
        let stored = Int(header[16]) << 8 | Int(header[17])
        let pageSize = stored == 1 ? 65536 : max(stored, 1)
        // A page that was cut off while the log was brought in is still in the log.
        guard size.isMultiple(of: pageSize) || hasLog else {
            throw SQLiteFailure.corrupt(path, "it was cut off within a page")
        }
    }

    private static func unopenable(_ path: String, _ code: Int32) -> CutisError {
        let reason = String(cString: strerror(code))
        if code == ENOSPC || code == EDQUOT { return AtomicOutput.failure(code, writing: URL(fileURLWithPath: path)) }
        return CutisError(
            .storageUnavailable, "The database \(path) cannot be opened (\(reason)).",
            remedy: "Check that its folder exists and belongs to the user that runs Cutis.")
    }
}
