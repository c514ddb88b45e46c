import CutisCore
import CutisStorage
import CutisStorageSQLite
import Foundation
import SmallDisk
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What only the database in a file has to keep to.
@Suite struct SQLiteDatabaseTests {
    private static func filled(_ url: URL, rows: Int = 400) async throws {
        let database = try SQLiteDatabase(url)
        try await Schema.migrate(database)
        let sample = try await SampleClinic("north", in: database)
        try await database.write { transaction in
            for index in 0..<rows {
                try AnalysisRepository(transaction).insert(
                    Samples.analysis(sample.patient, by: sample.user.id, at: Int64(index)))
            }
        }
        await database.close()
    }

    /// Opens a database, checks it and reads all of its analyses.
    private static func use(_ url: URL) async throws -> Int {
        let database = try SQLiteDatabase(url, options: .init(creates: false))
        do {
            try await database.checkIntegrity()
            try await Schema.check(database)
            let count = try await database.read { try AnalysisRepository($0).list(clinicID: nil, limit: 1000).count }
            await database.close()
            return count
        } catch {
            await database.close()
            throw error
        }
    }

    /// Runs a statement past the driver, on a connection of SQLite's own that checks no foreign keys.
    private static func runUnguarded(_ statement: String, on url: URL) throws {
        typealias Open = @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<OpaquePointer?>) -> Int32
        typealias Execute =
            @convention(c) (
                OpaquePointer?, UnsafePointer<CChar>, OpaquePointer?, OpaquePointer?, OpaquePointer?
            ) -> Int32
        typealias Close = @convention(c) (OpaquePointer?) -> Int32
        let open = unsafeBitCast(try #require(dlsym(nil, "sqlite3_open")), to: Open.self)
        let execute = unsafeBitCast(try #require(dlsym(nil, "sqlite3_exec")), to: Execute.self)
        let close = unsafeBitCast(try #require(dlsym(nil, "sqlite3_close")), to: Close.self)
        var connection: OpaquePointer?
        #expect(open(url.path, &connection) == 0)
        #expect(execute(connection, statement, nil, nil, nil) == 0)
        #expect(close(connection) == 0)
    }

    private static func refusal(_ body: () async throws -> Void) async -> CutisError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CutisError
        }
    }

    @Test func theConnectionIsSetForSafety() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            let database = try SQLiteDatabase(url)
            let wanted: [(String, SQLValue)] = [
                ("journal_mode", .text("wal")), ("synchronous", .integer(2)), ("foreign_keys", .integer(1)),
                ("secure_delete", .integer(1)), ("recursive_triggers", .integer(1)), ("trusted_schema", .integer(0)),
            ]
            for (name, value) in wanted {
                let found = try await database.write { try $0.query("PRAGMA \(name)", [])[0].value(name) }
                #expect(found == value, "\(name)")
            }
            try await Schema.migrate(database)
            for suffix in ["", "-wal", "-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: url.path + suffix)
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
            }
            await database.close()
        }
    }

    @Test func aFileOfAnotherKindIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            for content in ["hello", String(repeating: "not a database at all ", count: 500)] {
                try Data(content.utf8).write(to: url)
                let refusal = await Self.refusal { _ = try SQLiteDatabase(url) }
                #expect(refusal?.code == .storageCorrupt)
                #expect(refusal?.message.contains(url.path) == true)
                #expect(refusal?.remedy.contains("cutis restore") == true)
                #expect(try Data(contentsOf: url) == Data(content.utf8))
            }
        }
    }

    @Test func aPlaceThatCannotHoldADatabaseIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data("x".utf8).write(to: file)
            let places = [
                folder, file.appendingPathComponent("cutis.db"), folder.appendingPathComponent("no/cutis.db"),
            ]
            for place in places {
                let refusal = await Self.refusal { _ = try SQLiteDatabase(place) }
                #expect(refusal?.code == .storageUnavailable || refusal?.code == .storageCorrupt, "\(place.path)")
            }
            let absent = folder.appendingPathComponent("cutis.db")
            let refusal = await Self.refusal { _ = try SQLiteDatabase(absent, options: .init(creates: false)) }
            #expect(refusal?.code == .storageUnavailable)
            #expect(!FileManager.default.fileExists(atPath: absent.path))
        }
    }

    /// SQLite itself would throw the log away, and what it holds with it.
    @Test func aLogWithoutItsDatabaseIsKept() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            let log = URL(fileURLWithPath: url.path + "-wal")
            try Data(repeating: 7, count: 5000).write(to: log)
            await expect(.storageCorrupt) { _ = try SQLiteDatabase(url) }
            #expect(try Data(contentsOf: log).count == 5000)
        }
    }

    @Test func aTruncatedFileIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            try await Self.filled(url)
            #expect(try await Self.use(url) == 401)
            let whole = try Data(contentsOf: url)
            for length in [
                1, 15, 16, 99, 100, 512, 4095, 4096, 4097, whole.count / 2, whole.count - 4096, whole.count - 1,
            ] {
                try whole.prefix(length).write(to: url)
                let refusal = await Self.refusal { _ = try await Self.use(url) }
                #expect(refusal?.code == .storageCorrupt, "\(length) of \(whole.count): \(String(describing: refusal))")
            }
        }
    }

    /// Bytes of the pages' structure are found at once; a byte within a text is a text.
    @Test func damagedPagesAreFound() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            try await Self.filled(url)
            let whole = try Data(contentsOf: url)
            var generator = SystemRandomNumberGenerator()
            // The beginning of each page holds its kind and the place of its cells.
            for page in stride(from: 4096, to: whole.count, by: 4096 * 3) {
                var damaged = whole
                for index in page..<min(page + 24, whole.count) {
                    damaged[index] = .random(in: 0...255, using: &generator)
                }
                try damaged.write(to: url)
                let refusal = await Self.refusal { _ = try await Self.use(url) }
                #expect(refusal?.code == .storageCorrupt, "page at \(page): \(String(describing: refusal))")
            }
            // Anywhere: found, or harmless; never a crash, never another answer than rows or a reason.
            var found = 0
            for _ in 0..<60 {
                var damaged = whole
                for _ in 0..<20 { damaged[.random(in: 100..<whole.count, using: &generator)] ^= 0xFF }
                try damaged.write(to: url)
                let refusal = await Self.refusal { () async throws in #expect(try await Self.use(url) == 401) }
                if let refusal {
                    found += 1
                    #expect([.storageCorrupt, .schemaMismatch].contains(refusal.code), "\(refusal)")
                }
            }
            #expect(found > 30)
        }
    }

    @Test func aLockOfAnotherProcessIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            try await Self.filled(url, rows: 1)
            // Locks belong to connections: another one in this process stands for another process.
            let (first, second) = (
                try SQLiteDatabase(url), try SQLiteDatabase(url, options: .init(busyTimeout: 0.2))
            )
            let refusal = try await first.write { transaction -> CutisError? in
                try SettingRepository(transaction).set("a", to: "b")
                let box = ErrorBox()
                let done = DispatchSemaphore(value: 0)
                Task {
                    box.error = await Self.refusal { try await second.write { try SettingRepository($0).delete("a") } }
                    done.signal()
                }
                #expect(done.wait(timeout: .now() + 20) == .success)
                return box.error
            }
            #expect(refusal?.code == .storageUnavailable)
            #expect(refusal?.message.contains("locked by another process") == true)
            // It works again once the lock is gone.
            try await second.write { try SettingRepository($0).delete("a") }
            await first.close()
            await second.close()
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "no file system may be mounted here"))
    func aFullDiskKeepsWhatWasAcknowledged() async throws {
        try await SmallDisk.with { folder in
            let url = folder.appendingPathComponent("cutis.db")
            let database = try SQLiteDatabase(url)
            try await Schema.migrate(database)
            let text = String(repeating: "x", count: 20_000)
            var kept = 0
            var refusal: CutisError?
            while refusal == nil, kept < 1000 {
                let name = "setting-\(kept)"
                refusal = await Self.refusal {
                    try await database.write { try SettingRepository($0).set(name, to: text) }
                }
                if refusal == nil { kept += 1 }
            }
            #expect(refusal?.code == .noSpaceLeft, "\(String(describing: refusal))")
            #expect(kept > 10)
            let found = try await database.read { try SettingRepository($0).list().count }
            #expect(found == kept)
            // It goes on when there is space again.
            try FileManager.default.removeItem(at: folder.appendingPathComponent("ballast"))
            try await database.write { try SettingRepository($0).set("after", to: text) }
            await database.close()
            let again = try SQLiteDatabase(url)
            try await again.checkIntegrity()
            let after = try await again.read { try SettingRepository($0).list().count }
            #expect(after == kept + 1)
            await again.close()
        }
    }

    @Test func deletedRowsAreErasedFromAllFiles() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            let database = try SQLiteDatabase(url)
            try await Schema.migrate(database)
            let mark = "a-mark-to-look-for-\(UUID().uuidString)"
            let files = { ["", "-wal"].map { FileManager.default.contents(atPath: url.path + $0) ?? Data() } }
            let isFound = { files().contains { $0.range(of: Data(mark.utf8)) != nil } }
            try await database.write { transaction in
                for index in 0..<200 { try SettingRepository(transaction).set("\(index)", to: "\(index) \(mark)") }
            }
            #expect(isFound())
            try await database.eraseRemains()
            #expect(isFound())
            try await database.write { transaction in
                for index in 0..<200 { try SettingRepository(transaction).delete("\(index)") }
            }
            try await database.eraseRemains()
            #expect(!isFound())
            await database.close()
        }
    }

    @Test func aBackupIsOneWholeState() async throws {
        try await withTemporaryFolder { folder in
            let (url, target) = (folder.appendingPathComponent("cutis.db"), folder.appendingPathComponent("copy.db"))
            let database = try SQLiteDatabase(url)
            try await Schema.migrate(database)
            // Two settings that always change together, while the backup runs.
            let writer = Task {
                var round = 0
                while !Task.isCancelled {
                    round += 1
                    let value = "\(round)"
                    try await database.write { transaction in
                        try SettingRepository(transaction).set("first", to: value)
                        try SettingRepository(transaction).set(
                            "filler-\(value)", to: String(repeating: "y", count: 3000))
                        try SettingRepository(transaction).set("second", to: value)
                    }
                }
                return round
            }
            while try await database.read({ try SettingRepository($0).list().count }) < 50 {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await database.backup(to: target)
            writer.cancel()
            _ = try await writer.value
            await database.close()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["copy.db", "cutis.db"])
            let copy = try SQLiteDatabase(target, options: .init(creates: false))
            try await copy.checkIntegrity()
            try await Schema.check(copy)
            let settings = try await copy.read { try SettingRepository($0).list() }
            #expect(settings["first"] == settings["second"])
            #expect(settings.count >= 50)
            await copy.close()
        }
    }

    @Test func aBackupReplacesNothing() async throws {
        try await withTemporaryFolder { folder in
            let (url, target) = (folder.appendingPathComponent("cutis.db"), folder.appendingPathComponent("copy.db"))
            try await Self.filled(url, rows: 1)
            let database = try SQLiteDatabase(url)
            try Data("mine".utf8).write(to: target)
            await expect(.outputUnwritable) { try await database.backup(to: target) }
            #expect(try Data(contentsOf: target) == Data("mine".utf8))
            let nowhere = folder.appendingPathComponent("no/copy.db")
            await expect(.outputUnwritable) { try await database.backup(to: nowhere) }
            await database.close()
            await expect(.storageUnavailable) { try await database.backup(to: nowhere) }
        }
    }

    @Test func aMissingForeignRowIsFound() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("cutis.db")
            try await Self.filled(url, rows: 1)
            try Self.runUnguarded("DELETE FROM clinic", on: url)
            let refusal = await Self.refusal { _ = try await Self.use(url) }
            #expect(refusal?.code == .storageCorrupt)
            #expect(refusal?.message.contains("clinic") == true)
        }
    }
}

private final class ErrorBox: @unchecked Sendable {
    // Written before, and read after, the semaphore.
    var error: CutisError?
}
