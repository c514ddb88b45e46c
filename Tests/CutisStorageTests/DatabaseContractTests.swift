import CutisCore
import CutisStorage
import Dispatch
import Foundation
import Testing

/// What every database keeps to.
@Suite struct DatabaseContractTests {
    private static func makeTable(_ database: any Database) async throws {
        let bytes = database.dialect == .sqlite ? "BLOB" : "BYTEA"
        try await database.write { transaction throws in
            try transaction.execute(
                """
                CREATE TABLE sample (id BIGINT NOT NULL PRIMARY KEY, number BIGINT, ratio DOUBLE PRECISION,
                    word TEXT, content \(bytes))
                """, [])
            try transaction.execute(
                "CREATE TABLE part (id BIGINT NOT NULL PRIMARY KEY, sample_id BIGINT NOT NULL REFERENCES sample (id))",
                [])
        }
    }

    private static func insert(_ id: Int, number: Int = 0, in transaction: any Transaction) throws {
        try transaction.execute(
            "INSERT INTO sample (id, number) VALUES (?, ?)", [.integer(Int64(id)), .integer(Int64(number))])
    }

    private static func ids(_ database: any Database) async throws -> [Int64] {
        try await database.read { transaction throws in
            try transaction.query("SELECT id FROM sample ORDER BY id", []).map { try $0.integer("id") }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func valuesComeBackAsTheyWere(_ backend: DatabaseBackend) async throws {
        let rows: [[SQLValue]] = [
            [.integer(.max), .real(0.1), .text("ä “?” $1 ' \" \\ \n 🩺"), .bytes(Data(0...255))],
            [.integer(.min), .real(-.greatestFiniteMagnitude), .text(""), .bytes(Data())],
            [.integer(0), .real(.leastNonzeroMagnitude), .text("\\x41"), .bytes(Data("\\x41".utf8))],
            [.null, .null, .null, .null],
        ]
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            try await database.write { transaction throws in
                for (index, row) in rows.enumerated() {
                    try transaction.execute(
                        "INSERT INTO sample (id, number, ratio, word, content) VALUES (?, ?, ?, ?, ?)",
                        [.integer(Int64(index))] + row)
                }
            }
            let found = try await database.read { transaction throws in
                try transaction.query("SELECT number, ratio, word, content FROM sample ORDER BY id", []).map { row in
                    try ["number", "ratio", "word", "content"].map { try row.value($0) }
                }
            }
            #expect(found == rows)
        }
    }

    /// Neither database keeps them whole: a text that came back shorter would be another text.
    @Test(arguments: DatabaseBackend.all)
    func textsWithAZeroByteAreRefused(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            for text in ["a\u{0}b", "\u{0}", "a\u{0}"] {
                let refused = await code {
                    try await database.write { transaction in
                        try transaction.execute("INSERT INTO sample (id, word) VALUES (1, ?)", [.text(text)])
                    }
                }
                #expect(refused == .dataInvalid)
                let asked = await code {
                    try await database.read { try $0.query("SELECT id FROM sample WHERE word = ?", [.text(text)]) }
                }
                #expect(asked == .dataInvalid)
            }
            #expect(try await Self.ids(database).isEmpty)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func largeValuesComeBackAsTheyWere(_ backend: DatabaseBackend) async throws {
        let text = String(repeating: "ä🩺\\'", count: 300_000)
        let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            try await database.write { transaction in
                try transaction.execute(
                    "INSERT INTO sample (id, word, content) VALUES (1, ?, ?)", [.text(text), .bytes(bytes)])
            }
            let row = try await database.read { try $0.query("SELECT word, content FROM sample", [])[0] }
            let (word, content) = (try row.text("word"), try row.bytes("content"))
            #expect(word.utf8.count == text.utf8.count)
            #expect(word == text)
            #expect(content == bytes)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func statementsSayWhatTheyChanged(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            let counts = try await database.write { transaction throws in
                for id in 1...5 { try Self.insert(id, in: transaction) }
                let again = try transaction.execute("INSERT INTO sample (id) VALUES (1) ON CONFLICT DO NOTHING", [])
                let changed = try transaction.execute("UPDATE sample SET number = 9 WHERE id > ?", [.integer(2)])
                let returned = try transaction.query("DELETE FROM sample WHERE id = 5 RETURNING number", [])
                return [again, changed, returned.count, Int(try returned[0].integer("number"))]
            }
            #expect(counts == [0, 3, 1, 9])
            #expect(try await Self.ids(database) == [1, 2, 3, 4])
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func whatThrowsLeavesNothing(_ backend: DatabaseBackend) async throws {
        struct Change: Error {}
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            await #expect(throws: Change.self) {
                try await database.write { transaction throws in
                    try Self.insert(1, in: transaction)
                    throw Change()
                }
            }
            #expect(try await Self.ids(database).isEmpty)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func conflictsHaveACode(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            try await database.write { try Self.insert(1, in: $0) }
            let unique = await code { try await database.write { try Self.insert(1, in: $0) } }
            #expect(unique == .conflict)
            let reference = await code {
                try await database.write { try $0.execute("INSERT INTO part (id, sample_id) VALUES (1, 7)", []) }
            }
            #expect(reference == .conflict)
            let referred = await code {
                try await database.write { transaction throws in
                    try transaction.execute("INSERT INTO part (id, sample_id) VALUES (1, 1)", [])
                    try transaction.execute("DELETE FROM sample WHERE id = 1", [])
                }
            }
            #expect(referred == .conflict)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func wrongStatementsAreErrors(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            let wrong: [(String, [SQLValue])] = [
                ("SELEKT 1", []), ("SELECT * FROM nowhere", []), ("INSERT INTO sample (id) VALUES (?)", []),
                ("INSERT INTO sample (id) VALUES (?)", [.integer(1), .integer(2)]),
                ("INSERT INTO sample (id) VALUES (NULL)", []),
            ]
            for (statement, arguments) in wrong {
                let found = await code { try await database.write { try $0.execute(statement, arguments) } }
                #expect(found != nil, "\(statement) \(arguments)")
                #expect(found != .storageCorrupt)
            }
            // The database works on.
            try await database.write { try Self.insert(1, in: $0) }
            #expect(try await Self.ids(database) == [1])
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func readersDoNotWrite(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            let found = await code { try await database.read { try Self.insert(1, in: $0) } }
            #expect(found != nil)
            #expect(try await Self.ids(database).isEmpty)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aReaderSeesOneState(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            let (began, written) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let counts = database.read { transaction throws in
                let first = try transaction.query("SELECT id FROM sample", []).count
                began.signal()
                // The writer does not wait for the reader.
                let waited = written.wait(timeout: .now() + 20)
                return [first, try transaction.query("SELECT id FROM sample", []).count, waited == .success ? 1 : 0]
            }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    began.wait()
                    continuation.resume()
                }
            }
            try await database.write { try Self.insert(1, in: $0) }
            written.signal()
            #expect(try await counts == [0, 0, 1])
            #expect(try await Self.ids(database) == [1])
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func concurrentWritersLoseNothing(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            try await database.write { try Self.insert(0, in: $0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 1...32 {
                    group.addTask {
                        for round in 0..<10 {
                            try await database.write { transaction throws in
                                try Self.insert(writer * 100 + round, in: transaction)
                                try transaction.execute("UPDATE sample SET number = number + 1 WHERE id = 0", [])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let total = try await database.read { transaction throws in
                try transaction.query("SELECT number FROM sample WHERE id = 0", [])[0].integer("number")
            }
            #expect(total == 320)
            #expect(try await Self.ids(database).count == 321)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aWriteThatFailsUndoesItselfAlone(_ backend: DatabaseBackend) async throws {
        struct Change: Error {}
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            try await database.write { try Self.insert(1000, in: $0) }
            let failed = await withTaskGroup(of: Int?.self) { group in
                for id in 0..<96 {
                    group.addTask {
                        do {
                            try await database.write { transaction throws in
                                try Self.insert(id, in: transaction)
                                if id % 4 == 0 { throw Change() }
                                if id % 4 == 1 { try Self.insert(1000, in: transaction) }
                            }
                            return nil
                        } catch {
                            return id
                        }
                    }
                }
                return await group.reduce(into: Set<Int>()) { if let id = $1 { $0.insert(id) } }
            }
            let (lost, kept) = ((0..<96).filter { $0 % 4 < 2 }, (0..<96).filter { $0 % 4 > 1 })
            #expect(failed == Set(lost))
            #expect(try await Self.ids(database) == kept.map(Int64.init) + [1000])
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aWriteSeesWhatIsCommitted(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            for id in 1...20 {
                try await database.write { try Self.insert(id, in: $0) }
                #expect(try await Self.ids(database).last == Int64(id))
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aClosedDatabaseSaysSo(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            await database.close()
            await expect(.storageUnavailable) { _ = try await Self.ids(database) }
            await expect(.storageUnavailable) { try await database.write { try Self.insert(1, in: $0) } }
            await database.close()
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func closingWaitsForWrites(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            let kept = await withTaskGroup(of: Bool.self) { group in
                for id in 0..<50 {
                    group.addTask { (try? await database.write { try Self.insert(id, in: $0) }) != nil }
                }
                group.addTask {
                    await database.close()
                    return false
                }
                // No caller is left waiting: this ends.
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(kept <= 50)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func remainsCanBeErased(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await Self.makeTable(database)
            try await database.write { try Self.insert(1, in: $0) }
            try await database.write { try $0.execute("DELETE FROM sample", []) }
            try await database.eraseRemains()
            #expect(try await Self.ids(database).isEmpty)
        }
    }
}
