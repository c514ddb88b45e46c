import CutisStorage
import CutisStorageSQLite
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Processes that are killed at random moments while they write.
@Suite(.serialized) struct DurabilityTests {
    /// Writes blobs and rows until it is killed; says what was acknowledged in a file.
    private static func writeUntilKilled(_ folder: URL, after milliseconds: Int) async throws {
        let database = try SQLiteDatabase(folder.appendingPathComponent("cutis.db"))
        try await Schema.migrate(database)
        let blobs = try await SealedBlobStore.open(
            FileBlobStore(folder.appendingPathComponent("blobs")), keyFile: folder.appendingPathComponent("keys"))
        let log = open(folder.appendingPathComponent("acknowledged").path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        Thread.detachNewThread {
            usleep(UInt32(milliseconds * 1000))
            kill(getpid(), SIGKILL)
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    while true {
                        let id = Identifier.make()
                        do {
                            try await blobs.put("images/\(id)", Data(repeating: 7, count: 20_000))
                            try await database.write { transaction in
                                try SettingRepository(transaction).set(id, to: "images/\(id)")
                                let audit = AuditRepository(transaction)
                                try audit.append(Samples.audit(after: audit.lockHead(), subject: id))
                            }
                        } catch {
                            exit(3)
                        }
                        let line = id + "\n"
                        guard write(log, line, line.utf8.count) == line.utf8.count else { exit(4) }
                    }
                }
            }
        }
    }

    @Test func whatWasAcknowledgedIsThereAfterAKill() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.path
            for round in 0..<10 {
                // The first may be killed while it makes the schema or the keys.
                let delay = round == 0 ? 30 : Int.random(in: 20...400)
                await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, delay = delay as Int] in
                    try await DurabilityTests.writeUntilKilled(URL(fileURLWithPath: path), after: delay)
                }
            }
            let database = try SQLiteDatabase(folder.appendingPathComponent("cutis.db"))
            try await database.checkIntegrity()
            try await Schema.migrate(database)
            let blobs = try await SealedBlobStore.open(
                FileBlobStore(folder.appendingPathComponent("blobs")), keyFile: folder.appendingPathComponent("keys"))
            let text = try String(contentsOf: folder.appendingPathComponent("acknowledged"), encoding: .utf8)
            let acknowledged = text.split(separator: "\n").map(String.init)
            #expect(acknowledged.count > 50)
            let rows = try await database.read { try SettingRepository($0).list() }
            for id in acknowledged {
                let key = try #require(rows[id], "the row \(id) is lost")
                #expect(try await blobs.get(key).count == 20_000)
            }
            // A row whose acknowledgement the kill cut off has its blob too, whole; the trail has no gap.
            for key in rows.values { #expect(try await blobs.get(key).count == 20_000) }
            var (last, hash) = (Int64(0), String(repeating: "0", count: 64))
            while case let page = try await database.read({ [last] in
                try AuditRepository($0).chain(after: last, limit: 500)
            }),
                !page.isEmpty
            {
                for record in page {
                    #expect(record.sequence == last + 1)
                    #expect(record.previousHash == hash)
                    (last, hash) = (record.sequence, record.hash)
                }
            }
            #expect(last == Int64(rows.count))
            let head = try await database.read { try AuditRepository($0).head() }
            #expect(head.sequence == last)
            await database.close()
        }
    }
}
