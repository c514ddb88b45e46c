import CutisCore
import CutisStorage
import CutisStoragePostgres
import Foundation
import Synchronization
import Testing

/// What is PostgreSQL's own: connections that are lost, waits, encryption, several processes.
@Suite(.enabled(if: PostgresServer.isAvailable, PostgresServer.absence))
struct PostgresDatabaseTests {
    private static func with(
        _ options: PostgresOptions = PostgresOptions(), _ body: (PostgresDatabase) async throws -> Void
    ) async throws {
        try await PostgresServer.shared.value.withSchema { url in
            let database = try await PostgresDatabase.open(url, options: options)
            try await body(database)
            await database.close()
        }
    }

    private static func refusal(_ body: () async throws -> Void) async -> CutisError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CutisError
        }
    }

    private static func makeCounter(_ database: PostgresDatabase) async throws {
        try await database.write { transaction in
            try transaction.execute("CREATE TABLE counter (place BIGINT PRIMARY KEY, number BIGINT)", [])
            try transaction.execute("INSERT INTO counter VALUES (1, 0)", [])
        }
    }

    private static func count(_ database: PostgresDatabase) async throws -> Int64? {
        try await database.read { try $0.query("SELECT number FROM counter", []).first?.integer("number") }
    }

    @Test func typesAreThoseOfTheServer() async throws {
        try await Self.with { database in
            let row = try await database.read { transaction in
                try transaction.query(
                    """
                    SELECT TRUE AS yes, FALSE AS no, CAST(7 AS SMALLINT) AS small, CAST(8 AS INTEGER) AS whole,
                        SUM(n) AS total, AVG(n) AS mean, CAST(0.5 AS REAL) AS half, CAST('NaN' AS FLOAT8) AS nan,
                        CAST('-Infinity' AS FLOAT8) AS low, CAST('x' AS CHAR(3)) AS padded, CAST('y' AS VARCHAR) AS v
                    FROM (VALUES (CAST(1 AS BIGINT)), (2)) AS t (n)
                    """, [])[0]
            }
            #expect(try row.integer("yes") == 1 && row.integer("no") == 0)
            #expect(try row.integer("small") == 7 && row.integer("whole") == 8 && row.integer("total") == 3)
            #expect(try row.real("mean") == 1.5 && row.real("half") == 0.5)
            #expect(try row.real("nan").isNaN && row.real("low") == -.infinity)
            #expect(try row.text("padded") == "x  " && row.text("v") == "y")
        }
    }

    @Test func aZeroByteInTextIsRefused() async throws {
        try await Self.with { database in
            let error = await Self.refusal {
                _ = try await database.read { try $0.query("SELECT ? AS text", [.text("a\0b")]) }
            }
            #expect(error?.code == .dataInvalid)
        }
    }

    @Test func aHiddenFailureIsNotCommitted() async throws {
        try await Self.with { database in
            try await Self.makeCounter(database)
            let error = await Self.refusal {
                try await database.write { transaction in
                    try transaction.execute("UPDATE counter SET number = 5", [])
                    _ = try? transaction.execute("INSERT INTO counter VALUES (1, 1)", [])
                }
            }
            #expect(error?.code == .conflict)
            #expect(try await Self.count(database) == 0)
        }
    }

    @Test func aDiskThatIsFullIsNamed() async throws {
        try await Self.with { database in
            let error = await Self.refusal {
                _ = try await database.write { transaction in
                    try transaction.execute(
                        "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$", [])
                }
            }
            #expect(error?.code == .noSpaceLeft)
        }
    }

    @Test func refusalsShowNoPassword() async throws {
        let server = try await PostgresServer.shared.value
        let wrong = server.url.replacingOccurrences(of: PostgresServer.password, with: "not-the-secret")
        guard wrong != server.url else { return }
        let error = await Self.refusal { _ = try await PostgresDatabase.open(wrong) }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.description.contains("password") == true)
        #expect(error?.description.contains("not-the-secret") == false)
        let absent = server.url.replacingOccurrences(of: "/postgres?", with: "/nowhere?")
        let missing = await Self.refusal { _ = try await PostgresDatabase.open(absent) }
        #expect(missing?.message.contains("there is no such database") == true)
    }

    /// A connection that stands and then cannot be set up is ended once: ended twice, libpq's memory would end the process.
    @Test func aConnectionThatCannotBeSetUpIsRefused() async throws {
        let server = try await PostgresServer.shared.value
        for _ in 0..<50 {
            let error = await Self.refusal {
                // More milliseconds than the server's setting takes.
                _ = try await PostgresDatabase.open(
                    server.url, options: PostgresOptions(statementTimeout: .seconds(10_000_000)))
            }
            #expect(error?.message.contains("22023") == true, "\(error?.description ?? "accepted")")
        }
    }

    @Test func nobodyAnswersAtAClosedPort() async throws {
        let error = await Self.refusal {
            _ = try await PostgresDatabase.open("postgresql://u:secret@127.0.0.1:1/d")
        }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func aStatementThatTakesTooLongEnds() async throws {
        try await Self.with(PostgresOptions(statementTimeout: .milliseconds(300))) { database in
            let clock = ContinuousClock()
            let start = clock.now
            let error = await Self.refusal { _ = try await database.read { try $0.query("SELECT pg_sleep(20)", []) } }
            #expect(error?.code == .storageUnavailable)
            #expect(clock.now - start < .seconds(15))
            _ = try await database.read { try $0.query("SELECT 1 AS one", []) }
        }
    }

    @Test func whoWaitsForAConnectionGetsOne() async throws {
        try await Self.with(PostgresOptions(connections: 3, patience: .seconds(120))) { database in
            let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 1...40 {
                    group.addTask {
                        try await database.read { transaction in
                            try transaction.query("SELECT ? + 0 AS n, pg_sleep(0.01)", [.integer(Int64(number))])[0]
                                .integer("n")
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 820)
        }
    }

    @Test func nobodyWaitsForever() async throws {
        try await Self.with(PostgresOptions(connections: 2, patience: .milliseconds(200))) { database in
            let (slow, release) = try await Self.busy(database)
            let impatient = await Self.refusal { _ = try await database.read { try $0.query("SELECT 1", []) } }
            #expect(impatient?.code == .storageUnavailable)
            #expect(impatient?.message.contains("busy") == true)
            release()
            try await slow.value
        }
        try await Self.with(PostgresOptions(connections: 2)) { database in
            let (slow, release) = try await Self.busy(database)
            let waiting = Task { await Self.refusal { _ = try await database.read { try $0.query("SELECT 1", []) } } }
            try await Task.sleep(for: .milliseconds(100))
            waiting.cancel()
            #expect(await waiting.value?.code == .cancelled)
            release()
            try await slow.value
        }
    }

    /// A transaction that holds the only reader until it is released; it has begun when this returns.
    private static func busy(
        _ database: PostgresDatabase
    ) async throws -> (task: Task<Void, any Error>, release: @Sendable () -> Void) {
        let gate = DispatchSemaphore(value: 0)
        let (begun, signal) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await database.read {
                signal.finish()
                gate.wait()
                _ = try $0.query("SELECT 1", [])
            }
        }
        for await _ in begun {}
        return (task, { gate.signal() })
    }

    /// Many more statements wait than Swift has threads; other work goes on meanwhile.
    @Test func waitingStatementsHoldNobodyUp() async throws {
        try await Self.with(PostgresOptions(connections: 25)) { database in
            let isDone = Mutex(false)
            async let sleepers: Void = withThrowingTaskGroup(of: Void.self) { group in
                defer { isDone.withLock { $0 = true } }
                for _ in 0..<24 {
                    group.addTask { try await database.read { _ = try $0.query("SELECT pg_sleep(2)", []) } }
                }
                try await group.waitForAll()
            }
            var ticks = 0
            while !isDone.withLock({ $0 }) {
                try await Task.sleep(for: .milliseconds(20))
                ticks += 1
            }
            try await sleepers
            #expect(ticks > 10)
        }
    }

    /// Two services on one database append to one trail.
    @Test func twoServicesKeepOneTrail() async throws {
        try await PostgresServer.shared.value.withSchema { url in
            let databases = [try await PostgresDatabase.open(url), try await PostgresDatabase.open(url)]
            try await Schema.migrate(databases[0])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<80 {
                    group.addTask {
                        try await databases[index % 2].write { transaction in
                            let audit = AuditRepository(transaction)
                            try audit.append(Samples.audit(after: audit.head()))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let chain = try await databases[0].read { try AuditRepository($0).chain(after: 0, limit: 100) }
            #expect(chain.map(\.sequence) == Array(1...80))
            for (earlier, later) in zip(chain, chain.dropFirst()) { #expect(later.previousHash == earlier.hash) }
            for database in databases { await database.close() }
        }
    }
}

/// Servers that go away and come back; each test has one of its own.
@Suite(.enabled(if: PostgresServer.canStart, PostgresServer.absence))
struct PostgresServerLossTests {
    private static func add(_ database: PostgresDatabase) async throws {
        try await database.write { try $0.execute("UPDATE counter SET number = number + 1", []) }
    }

    private static func count(_ database: PostgresDatabase) async throws -> Int64? {
        try await database.read { try $0.query("SELECT number FROM counter", []).first?.integer("number") }
    }

    private static func open(_ server: PostgresServer) async throws -> PostgresDatabase {
        let database = try await PostgresDatabase.open(server.url)
        try await database.write { transaction in
            try transaction.execute("CREATE TABLE counter (number BIGINT)", [])
            try transaction.execute("INSERT INTO counter VALUES (0)", [])
        }
        return database
    }

    private static let cut = """
        SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
        """

    @Test func lostConnectionsAreMadeAnew() async throws {
        let server = try await PostgresServer.start()
        let database = try await Self.open(server)
        let other = try await PostgresDatabase.open(server.url)
        for round in 1...3 {
            _ = try await other.read { try $0.query(Self.cut, []) }
            try await Self.add(database)
            #expect(try await Self.count(database) == Int64(round))
        }
        // In the middle of a transaction nothing is committed yet: it runs again, once.
        let runs = Mutex(0)
        try await database.write { transaction in
            try transaction.execute("UPDATE counter SET number = number + 1", [])
            if runs.withLock({
                $0 += 1; return $0
            }) == 1 {
                _ = try transaction.query("SELECT pg_terminate_backend(pg_backend_pid()) AS done", [])
            }
        }
        #expect(runs.withLock { $0 } == 2)
        #expect(try await Self.count(database) == 4)
        await database.close()
        await other.close()
    }

    @Test func aServerThatComesBackIsUsedAgain() async throws {
        let server = try await PostgresServer.start(settings: [])
        let database = try await Self.open(server)
        try await Self.add(database)
        try await server.stop()
        let gone = await code { try await Self.add(database) }
        #expect(gone == .storageUnavailable)
        #expect(await code { _ = try await Self.count(database) } == .storageUnavailable)
        try await server.resume()
        #expect(try await Self.count(database) == 1)
        try await Self.add(database)
        #expect(try await Self.count(database) == 2)
        await database.close()
    }

    /// The server is ended without warning while clients write: what was acknowledged is there.
    @Test func whatWasAcknowledgedSurvivesACrashOfTheServer() async throws {
        let server = try await PostgresServer.start(settings: ["synchronous_commit = off"])
        let database = try await Self.open(server)
        try await database.write { try $0.execute("CREATE TABLE kept (id BIGINT PRIMARY KEY)", []) }
        for _ in 0..<3 {
            let ledger = Ledger(after: try await Self.count(database) ?? 0)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        while true {
                            let id = ledger.next()
                            do {
                                try await database.write { transaction in
                                    try transaction.execute("INSERT INTO kept VALUES (?)", [.integer(id)])
                                    try transaction.execute("UPDATE counter SET number = ?", [.integer(id + 100)])
                                }
                                ledger.acknowledge(id)
                            } catch {
                                return
                            }
                        }
                    }
                }
                group.addTask {
                    // Not before a busy machine has written anything.
                    for _ in 0..<6000 where ledger.acknowledged.isEmpty {
                        try? await Task.sleep(for: .milliseconds(10))
                    }
                    try? await Task.sleep(for: .milliseconds(Int.random(in: 100...400)))
                    try? await server.stop()
                }
            }
            try await server.resume()
            let kept = try await database.read { transaction in
                Set(try transaction.query("SELECT id FROM kept", []).map { try $0.integer("id") })
            }
            #expect(ledger.acknowledged.isSubset(of: kept))
            #expect(!kept.isEmpty)
        }
        await database.close()
    }

    @Test func encryptionIsAskedForInTheAddress() async throws {
        let server = try await PostgresServer.start(settings: ["fsync = off", "ssl = on"])
        let root = "&sslrootcert=\(server.certificate.path)"
        let encrypted = try await PostgresDatabase.open(server.url + "&sslmode=verify-full" + root)
        let isEncrypted = try await encrypted.read { transaction in
            try transaction.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", [])[0].integer("ssl")
        }
        #expect(isEncrypted == 1)
        await encrypted.close()
        let otherName = server.url.replacingOccurrences(of: "@127.0.0.1", with: "@localhost")
        #expect(
            await code { _ = try await PostgresDatabase.open(otherName + "&sslmode=verify-full" + root) }
                == .storageUnavailable)
        let plain = try await PostgresServer.start()
        #expect(
            await code { _ = try await PostgresDatabase.open(plain.url + "&sslmode=require") } == .storageUnavailable)
    }
}

/// Which writes were begun, and which were acknowledged.
private final class Ledger: Sendable {
    private let state: Mutex<(last: Int64, acknowledged: Set<Int64>)>

    init(after last: Int64) {
        state = Mutex((last, []))
    }

    var acknowledged: Set<Int64> { state.withLock { $0.acknowledged } }

    func next() -> Int64 {
        state.withLock { state in
            state.last += 1
            return state.last
        }
    }

    func acknowledge(_ id: Int64) {
        state.withLock { _ = $0.acknowledged.insert(id) }
    }
}
