import CutisCore
import Foundation

/// What is in a backup, with the hash of everything.
///
/// The folder holds `manifest.json`, its hash in `manifest.json.sha256` (as `sha256sum` writes it), the rows of each
/// table in `tables/NAME.rows` (`RowCoding`), the blobs one after another in `blobs/0001.pack`, … and their list in
/// `blobs/index.jsonl`.
public struct BackupManifest: Sendable, Hashable, Codable {
    /// The version of the folder's form; 1.
    public var format: Int
    /// Milliseconds since 1970 UTC.
    public var createdAt: Int64
    /// The database that the rows come from; they fit the other kind as well.
    public var dialect: String
    /// The names of the migrations that made the schema, in order.
    public var migrations: [String]
    /// The tables, in the order in which they were written.
    public var tables: [Table]
    /// The blobs.
    public var blobs: Blobs
    /// The end of the audit trail.
    public var auditSequence: Int64
    /// The hash of its last entry.
    public var auditHash: String

    /// The rows of one table.
    public struct Table: Sendable, Hashable, Codable {
        /// The table's name.
        public var name: String
        /// The columns in the order of a row's values.
        public var columns: [String]
        /// The number of rows.
        public var rows: Int
        /// The size of the file.
        public var bytes: Int
        /// The file's SHA-256, in hexadecimal.
        public var sha256: String
    }

    /// The blobs as they are stored: what was sealed stays sealed.
    public struct Blobs: Sendable, Hashable, Codable {
        /// The number of blobs.
        public var count: Int
        /// The size of all together.
        public var bytes: Int
        /// The number of files that hold them.
        public var packs: Int
        /// The SHA-256 of their list, in hexadecimal; the list has the hash of each.
        public var indexSHA256: String
        /// Blobs that rows refer to and the store did not have.
        public var missing: [String]

        enum CodingKeys: String, CodingKey {
            case count, bytes, packs, missing
            case indexSHA256 = "index_sha256"
        }
    }

    enum CodingKeys: String, CodingKey {
        case format, dialect, migrations, tables, blobs
        case createdAt = "created_at"
        case auditSequence = "audit_sequence"
        case auditHash = "audit_hash"
    }

    /// The name of the schema: its last migration.
    public var schema: String { migrations.last ?? "" }
}

/// What is wrong with a backup.
enum BackupFault {
    static func damaged(_ folder: URL, _ reason: String) -> CutisError {
        CutisError(
            .dataInvalid, "The backup \(folder.path) is damaged: \(reason).",
            remedy: "Use another backup, or copy this one again from where it is kept; nothing was changed.")
    }
}
