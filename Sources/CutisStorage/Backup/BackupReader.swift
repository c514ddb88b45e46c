import Crypto
import CutisCore
import Foundation

/// A backup that is being checked or restored.
struct BackupReader: Sendable {
    let folder: BackupFolder
    let manifest: BackupManifest

    /// Reads the manifest.
    init(_ url: URL) throws(CutisError) {
        folder = BackupFolder(url: url)
        manifest = try folder.read()
    }

    /// Compares every file and blob with its hash.
    ///
    /// - Parameter onRows: gets the rows of each table on the way, in order.
    func verify(onRows: (BackupManifest.Table, [[SQLValue]]) throws -> Void) throws {
        for table in manifest.tables { try forEachPage(of: table) { try onRows(table, $0) } }
        let blobs = try BlobUnpacker(folder)
        while try blobs.next() != nil {}
        guard blobs.indexSHA256 == manifest.blobs.indexSHA256, blobs.count == manifest.blobs.count,
            blobs.bytes == manifest.blobs.bytes
        else { throw damaged("its list of blobs does not have its hash") }
    }

    /// Hands the rows of a table over, some at a time, and checks at the end that they were all and as they were.
    func forEachPage(of table: BackupManifest.Table, _ body: ([[SQLValue]]) throws -> Void) throws {
        let file = try PiecewiseFile(folder.table(table.name))
        var hash = SHA256()
        var (count, bytes) = (0, 0)
        var page: [[SQLValue]] = []
        while true {
            let head = try file.read(4)
            if head.isEmpty { break }
            let length = head.reversed().reduce(0) { $0 << 8 | Int($1) }
            guard head.count == 4, length <= RowCoding.longestRow, bytes + 4 + length <= table.bytes else {
                throw damaged("the table \(table.name) is longer than it was, or cut off")
            }
            let row = try file.read(length)
            guard row.count == length, let values = RowCoding.values(of: row, columns: table.columns.count) else {
                throw damaged("row \(count + 1) of the table \(table.name) cannot be read")
            }
            hash.update(data: head)
            hash.update(data: row)
            count += 1
            bytes += 4 + length
            page.append(values)
            if page.count == 64 {
                try body(page)
                page.removeAll(keepingCapacity: true)
            }
        }
        guard count == table.rows, bytes == table.bytes, HashedFile.text(hash.finalize()) == table.sha256 else {
            throw damaged("the table \(table.name) does not have its hash")
        }
        if !page.isEmpty { try body(page) }
    }

    func damaged(_ reason: String) -> CutisError {
        BackupFault.damaged(folder.url, reason)
    }
}
