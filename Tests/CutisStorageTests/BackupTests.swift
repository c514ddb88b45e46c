import Crypto
import CutisCore
import CutisStorage
import Foundation
import Testing

/// Backups are whole, and come back as they were; the rows of each database fit the other.
@Suite struct BackupTests {
    /// A database with rows in every table, and a store with the blobs that they name.
    private static func fill(_ database: any Database, _ blobs: any BlobStore) async throws -> [SampleClinic] {
        var clinics: [SampleClinic] = []
        for name in ["north", "south", "west"] {
            let sample = try await SampleClinic(name, in: database)
            try await blobs.put(sample.image.blobKey, Data("image of \(name)".utf8))
            try await database.write { transaction in
                try SessionRepository(transaction).insert(Samples.session(sample.key))
                try TombstoneRepository(transaction).insert(
                    TombstoneRecord(kind: "analysis", id: Identifier.make(), reason: "asked", deletedAt: 5))
                try SettingRepository(transaction).set("setting-\(name)", to: "ä\n'?\\")
                try transaction.execute(
                    """
                    INSERT INTO idempotency (user_id, request_key, request_hash, status, body, created_at)
                    VALUES (?, 'k', 'h', 200, ?, 7)
                    """, [.text(sample.user.id), .bytes(Data(#"{"id":"\#(sample.analysis.id)"}"#.utf8) + [0, 255])])
            }
            clinics.append(sample)
        }
        try await blobs.put("own", Data("the store's own".utf8))
        return clinics
    }

    private static func digests(_ database: any Database) async throws -> [TableDigest] {
        let dialect = database.dialect
        return try await database.read { try TableDigest.all(in: $0, dialect: dialect) }
    }

    private static func count(_ table: String, _ database: any Database) async throws -> Int64 {
        try await database.read { try $0.query("SELECT COUNT(*) AS n FROM \(table)", [])[0].integer("n") }
    }

    /// Runs a body with a filled database, its blobs and a backup of both.
    private static func withBackup(
        _ backend: DatabaseBackend = .sqlite,
        _ body: @Sendable (any Database, any BlobStore, [SampleClinic], URL) async throws -> Void
    ) async throws {
        try await backend.with { database in
            try await withTemporaryFolder { folder in
                let blobs = try FileBlobStore(folder.appendingPathComponent("blobs"))
                let clinics = try await fill(database, blobs)
                let backup = folder.appendingPathComponent("backup")
                _ = try await Backup.write(database, blobs: blobs, to: backup)
                try await body(database, blobs, clinics, backup)
            }
        }
    }

    @Test(arguments: DatabaseBackend.all, DatabaseBackend.all)
    func whatIsBackedUpComesBack(_ from: DatabaseBackend, _ to: DatabaseBackend) async throws {
        try await Self.withBackup(from) { source, sourceBlobs, clinics, folder in
            let manifest = try await Backup.verify(folder)
            #expect(manifest.blobs.count == 4 && manifest.blobs.missing.isEmpty)
            #expect(manifest.schema == Schema.migrations.last?.name)
            #expect(manifest.auditSequence == 3)
            try await to.withEmpty { target in
                try await withTemporaryFolder { folder2 in
                    let blobs = try FileBlobStore(folder2.appendingPathComponent("blobs"))
                    let report = try await Restore.read(folder, into: target, blobs: blobs)
                    try await Schema.check(target)
                    let (before, after) = (try await Self.digests(source), try await Self.digests(target))
                    let sessions = before.filter { $0.table == "web_session" }
                    #expect(sessions.map(\.rows) == [3])
                    #expect(after.filter { $0.table == "web_session" }.map(\.rows) == [0])
                    #expect(after.filter { $0.table != "web_session" } == before.filter { $0.table != "web_session" })
                    #expect(before.allSatisfy { $0.rows > 0 || $0.table == "model_event" })
                    #expect(report.blobs == 4 && report.deleted.isEmpty)
                    let keys = try await sourceBlobs.keys(prefix: "").sorted()
                    #expect(try await blobs.keys(prefix: "").sorted() == keys)
                    for key in keys { #expect(try await blobs.get(key) == sourceBlobs.get(key)) }
                    // The trail goes on where it ended.
                    try await target.write { transaction in
                        let audit = AuditRepository(transaction)
                        try audit.append(Samples.audit(after: audit.lockHead()))
                    }
                }
            }
        }
    }

    @Test func aBackupNeverReplacesAnother() async throws {
        try await Self.withBackup { database, blobs, _, folder in
            let again = await code { _ = try await Backup.write(database, blobs: blobs, to: folder) }
            #expect(again == .outputUnwritable)
            try await Backup.verify(folder)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.deletingLastPathComponent().path)
            #expect(!left.contains { $0.hasSuffix(".tmp") })
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func onlyAnEmptyPlaceIsRestoredInto(_ backend: DatabaseBackend) async throws {
        try await Self.withBackup(backend) { database, _, _, folder in
            try await withTemporaryFolder { other in
                let blobs = try FileBlobStore(other)
                let before = try await Self.digests(database)
                let full = await code { _ = try await Restore.read(folder, into: database, blobs: blobs) }
                #expect(full == .conflict)
                #expect(try await Self.digests(database) == before)
                #expect(try await blobs.keys(prefix: "").isEmpty)
            }
            try await backend.withEmpty { empty in
                try await withTemporaryFolder { other in
                    let blobs = try FileBlobStore(other)
                    try await blobs.put("something", Data([1]))
                    let full = await code { _ = try await Restore.read(folder, into: empty, blobs: blobs) }
                    #expect(full == .conflict)
                }
            }
        }
    }

    /// Every file of a backup, damaged at its beginning, middle and end, cut off, and missing.
    @Test func damageIsFoundBeforeAnythingIsTouched() async throws {
        try await Self.withBackup { _, _, _, folder in
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            var cases = 0
            for name in names {
                let url = folder.appendingPathComponent(name)
                guard let whole = FileManager.default.contents(atPath: url.path), !whole.isEmpty else { continue }
                var damaged: [Data?] = [nil, whole.dropLast(1)]
                if !name.hasSuffix(".sha256") { damaged.append(whole + [0]) }
                for place in [0, whole.count / 3, whole.count / 2, whole.count - 1] {
                    var copy = whole
                    // The last byte of the hash's file is a line break, which tells nothing.
                    if name.hasSuffix(".sha256"), place >= 64 { continue }
                    copy[place] ^= 0x01
                    damaged.append(copy)
                }
                for content in damaged {
                    if name.hasSuffix(".sha256"), content == whole.dropLast(1) { continue }
                    try? FileManager.default.removeItem(at: url)
                    if let content { try content.write(to: url) }
                    try await Self.expectRefusal(of: folder, "\(name), \(content?.count ?? -1) of \(whole.count) bytes")
                    cases += 1
                }
                try? FileManager.default.removeItem(at: url)
                try whole.write(to: url)
            }
            #expect(cases > 60)
            try await Backup.verify(folder)
        }
    }

    private static func expectRefusal(of folder: URL, _ what: String) async throws {
        try await DatabaseBackend.sqlite.withEmpty { target in
            try await withTemporaryFolder { other in
                let blobs = try FileBlobStore(other)
                let found = await code { _ = try await Restore.read(folder, into: target, blobs: blobs) }
                #expect(found == .dataInvalid || found == .fileNotFound, "\(what): \(String(describing: found))")
                #expect(try await blobs.keys(prefix: "").isEmpty)
                let tables = try await target.read { try $0.query("SELECT name FROM sqlite_master", []).count }
                #expect(tables == 0, "\(what)")
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func whatWasDeletedStaysDeleted(_ backend: DatabaseBackend) async throws {
        try await Self.withBackup(backend) { database, _, clinics, folder in
            let (gone, other) = (clinics[0], clinics[1])
            // Since the backup a patient was deleted, a key revoked and a user disabled.
            try await database.write { transaction in
                try TombstoneRepository(transaction).insert(
                    TombstoneRecord(kind: "patient", id: gone.patient.id, reason: "asked", deletedAt: 9))
                try transaction.execute(
                    "UPDATE api_key SET revoked_at = 8 WHERE id = ?", [.text(other.key.id)])
                try transaction.execute(
                    "UPDATE user_account SET disabled_at = 8 WHERE id = ?", [.text(other.user.id)])
            }
            let present = try await PresentState(of: database)
            try await backend.withEmpty { target in
                try await withTemporaryFolder { folder2 in
                    let blobs = try FileBlobStore(folder2)
                    let report = try await Restore.read(folder, into: target, blobs: blobs, present: present)
                    #expect(
                        report.deleted == [
                            "patient": 1, "visit": 1, "analysis": 1, "image": 1, "feedback": 1, "idempotency": 1,
                        ])
                    for table in ["patient", "visit", "analysis", "image", "feedback", "idempotency"] {
                        #expect(try await Self.count(table, target) == 2, "\(table)")
                    }
                    #expect(try await Self.count("tombstone", target) == 4)
                    #expect(try await Self.count("audit", target) == 3)
                    #expect(await code { _ = try await blobs.get(gone.image.blobKey) } == .blobMissing)
                    _ = try await blobs.get(other.image.blobKey)
                    let after = try await PresentState(of: target)
                    #expect(after == present)
                }
            }
        }
    }

    @Test func aBackupOfALaterVersionIsRefused() async throws {
        try await Self.withBackup { _, _, _, folder in
            let url = folder.appendingPathComponent("manifest.json")
            let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
                .replacingOccurrences(of: "\"003-operations\"", with: "\"003-operations\", \"999-later\"")
            try Data(text.utf8).write(to: url)
            let hash = SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
            try Data("\(hash)  manifest.json\n".utf8).write(to: folder.appendingPathComponent("manifest.json.sha256"))
            try await DatabaseBackend.sqlite.withEmpty { target in
                try await withTemporaryFolder { other in
                    let blobs = try FileBlobStore(other)
                    let found = await code { _ = try await Restore.read(folder, into: target, blobs: blobs) }
                    #expect(found == .schemaMismatch)
                }
            }
        }
    }

    @Test func aBlobThatTheStoreHasLostIsNamed() async throws {
        try await DatabaseBackend.sqlite.with { database in
            try await withTemporaryFolder { folder in
                let blobs = try FileBlobStore(folder.appendingPathComponent("blobs"))
                let clinics = try await Self.fill(database, blobs)
                try await blobs.delete(clinics[1].image.blobKey)
                let manifest = try await Backup.write(
                    database, blobs: blobs, to: folder.appendingPathComponent("backup"))
                #expect(manifest.blobs.missing == [clinics[1].image.blobKey])
                #expect(manifest.blobs.count == 3)
            }
        }
    }

    /// Sealed blobs stay sealed in the backup, and open after a restore with the same keys.
    @Test func sealedBlobsStaySealed() async throws {
        try await DatabaseBackend.sqlite.with { database in
            try await withTemporaryFolder { folder in
                let raw = try FileBlobStore(folder.appendingPathComponent("blobs"))
                let keys = folder.appendingPathComponent("keys")
                let sealed = try await SealedBlobStore.open(raw, keyFile: keys)
                let clinics = try await Self.fill(database, sealed)
                let backup = folder.appendingPathComponent("backup")
                _ = try await Backup.write(database, blobs: raw, to: backup)
                let pack = try Data(contentsOf: backup.appendingPathComponent("blobs/0001.pack"))
                #expect(pack.range(of: Data("image of".utf8)) == nil)
                try await DatabaseBackend.sqlite.withEmpty { target in
                    let restored = try FileBlobStore(folder.appendingPathComponent("restored"))
                    _ = try await Restore.read(backup, into: target, blobs: restored)
                    let opened = try await SealedBlobStore.open(restored, keyFile: keys)
                    #expect(try await opened.get(clinics[0].image.blobKey) == Data("image of north".utf8))
                }
            }
        }
    }

    /// `CUTIS_RESTORE_CASES=10000` measures what the service promises.
    @Test func manyCasesComeBackInTime() async throws {
        let count = ProcessInfo.processInfo.environment["CUTIS_RESTORE_CASES"].flatMap { Int($0) } ?? 500
        try await DatabaseBackend.sqlite.with { database in
            try await withTemporaryFolder { folder in
                let blobs = try FileBlobStore(folder.appendingPathComponent("blobs"))
                let sample = try await SampleClinic("large", in: database)
                try await blobs.put(sample.image.blobKey, Data([1]))
                var made = 0
                while made < count {
                    let cases = (0..<min(500, count - made)).map { _ in
                        let patient = Samples.patient(sample.clinic.id)
                        return (patient, Samples.analysis(patient, by: sample.user.id))
                    }.map { ($0.0, $0.1, Samples.image($0.1)) }
                    try await database.write { transaction in
                        let audit = AuditRepository(transaction)
                        for (patient, analysis, image) in cases {
                            _ = try PatientRepository(transaction).findOrInsert(patient)
                            try AnalysisRepository(transaction).insert(analysis)
                            try ImageRepository(transaction).insert(image)
                            try audit.append(Samples.audit(after: audit.lockHead(), subject: analysis.id))
                        }
                    }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for (_, _, image) in cases {
                            group.addTask {
                                try await blobs.put(
                                    image.blobKey, Data(repeating: 7, count: 20_000) + Data(image.id.utf8))
                            }
                        }
                        try await group.waitForAll()
                    }
                    made += cases.count
                }
                let clock = ContinuousClock()
                let backup = folder.appendingPathComponent("backup")
                let writing = try await clock.measure { _ = try await Backup.write(database, blobs: blobs, to: backup) }
                try await DatabaseBackend.sqlite.withEmpty { target in
                    let restored = try FileBlobStore(folder.appendingPathComponent("restored"))
                    let reading = try await clock.measure {
                        _ = try await Restore.read(backup, into: target, blobs: restored)
                    }
                    #expect(try await Self.count("analysis", target) == Int64(count + 1))
                    let (before, after) = (try await Self.digests(database), try await Self.digests(target))
                    #expect(before == after)
                    print("\(count) cases: backup \(writing), restore \(reading)")
                    #expect(reading < .seconds(60))
                }
            }
        }
    }
}
