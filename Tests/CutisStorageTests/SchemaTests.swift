import CutisCore
import CutisStorage
import Testing

/// The migrations, on each database.
@Suite struct SchemaTests {
    private static func description(_ database: any Database) async throws -> SchemaDescription {
        let dialect = database.dialect
        return try await database.read { try SchemaDescription(of: $0, dialect: dialect) }
    }

    /// Migrates or checks, and gives the error for the test to look at.
    private static func refusal(_ body: () async throws -> Void) async -> CutisError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CutisError
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func anEmptyDatabaseGetsEveryStepOnce(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            let behind = await Self.refusal { try await Schema.check(database) }
            #expect(behind?.code == .schemaMismatch)
            #expect(behind?.message.contains("001-accounts") == true)
            #expect(try await Schema.migrate(database) == ["001-accounts", "002-cases", "003-operations"])
            #expect(try await Schema.migrate(database) == [])
            try await Schema.check(database)
            let tables = Set(try await Self.description(database).lines.filter { $0.hasPrefix("table ") })
            #expect(tables == Set(Schema.tables.map { "table \($0)" }))
        }
    }

    /// Released steps never change: a database that they made would be refused.
    @Test func theStepsAreThoseThatWereReleased() {
        #expect(
            Schema.migrations.map { "\($0.name) \($0.checksum.prefix(16))" } == [
                "001-accounts 08711675e987119e", "002-cases 892f877b0c269174", "003-operations 7c664c699333e4d5",
            ])
    }

    @Test func allDatabasesHaveOneSchema() async throws {
        let descriptions = Descriptions()
        for backend in DatabaseBackend.all {
            try await backend.with { await descriptions.add(try await Self.description($0)) }
        }
        let first = try #require(await descriptions.all.first)
        for other in await descriptions.all { #expect(other.differences(from: first) == []) }
        #expect(first.lines.contains("foreign key image (clinic_id, analysis_id) to analysis (clinic_id, id)"))
        #expect(first.lines.contains("column analysis.threshold real"))
        #expect(first.lines.contains("column idempotency.request_key text not null key 2"))
        #expect(first.lines.contains("unique patient (clinic_id, pseudonym)"))
        #expect(first.lines.contains("index analysis (clinic_id, created_at, id) analysis_by_clinic"))
        #expect(first.lines.contains("trigger audit audit_refuses_delete"))
        #expect(first.lines.count == 175)
    }

    @Test(arguments: DatabaseBackend.all)
    func anOlderDatabaseGetsWhatIsMissing(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            let older = Array(Schema.migrations.prefix(1))
            #expect(try await Schema.migrate(database, to: older) == ["001-accounts"])
            let clinic = Samples.clinic("north")
            try await database.write { try ClinicRepository($0).insert(clinic) }
            #expect(try await Schema.migrate(database) == ["002-cases", "003-operations"])
            let kept = try await database.read { try ClinicRepository($0).find(clinic.id, clinicID: nil) }
            #expect(kept == clinic)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func twoThatMigrateAtOnceShareTheWork(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            async let first = Schema.migrate(database)
            async let second = Schema.migrate(database)
            #expect(try await (first + second).sorted() == Schema.migrations.map(\.name))
            try await Schema.check(database)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aStepThatFailsLeavesNothing(_ backend: DatabaseBackend) async throws {
        let broken = Migration(name: "004-broken", common: ["CREATE TABLE extra (id {text})", "CREATE TABEL oops"])
        try await backend.with { database in
            let before = try await Self.description(database)
            let refusal = await Self.refusal {
                _ = try await Schema.migrate(database, to: Schema.migrations + [broken])
            }
            #expect(refusal != nil)
            #expect(try await Self.description(database) == before)
            try await Schema.check(database)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aNewerDatabaseIsRefused(_ backend: DatabaseBackend) async throws {
        let newer = Migration(name: "004-future", common: ["CREATE TABLE future (id {text} NOT NULL PRIMARY KEY)"])
        try await backend.with { database in
            _ = try await Schema.migrate(database, to: Schema.migrations + [newer])
            for attempt in [{ _ = try await Schema.migrate(database) }, { try await Schema.check(database) }] {
                let refusal = await Self.refusal(attempt)
                #expect(refusal?.code == .schemaMismatch)
                #expect(refusal?.message.contains("004-future") == true)
                #expect(refusal?.remedy.contains("cutis restore") == true)
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func anUnknownDatabaseIsRefused(_ backend: DatabaseBackend) async throws {
        try await backend.withEmpty { database in
            try await database.write { try $0.execute("CREATE TABLE invoices (id BIGINT)", []) }
            let refusal = await Self.refusal { try await Schema.migrate(database) }
            #expect(refusal?.code == .schemaMismatch)
            #expect(refusal?.message.contains("invoices") == true)
            #expect(try await Self.description(database).lines == ["column invoices.id integer", "table invoices"])
        }
        let other = Migration(name: "001-other", common: ["CREATE TABLE other (id {text})"])
        try await backend.withEmpty { database in
            _ = try await Schema.migrate(database, to: [other])
            let refusal = await Self.refusal { try await Schema.migrate(database) }
            #expect(refusal?.code == .schemaMismatch)
            #expect(refusal?.message.contains("001-other") == true)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aStepThatWasChangedIsRefused(_ backend: DatabaseBackend) async throws {
        let changed = Migration(name: "001-accounts", common: ["CREATE TABLE clinic (id {text})"])
        try await backend.withEmpty { database in
            _ = try await Schema.migrate(database, to: [changed])
            let refusal = await Self.refusal { try await Schema.migrate(database) }
            #expect(refusal?.code == .schemaMismatch)
            #expect(refusal?.message.contains("is not the one of this version") == true)
        }
    }

    @Test(
        arguments: DatabaseBackend.all,
        [
            ("DROP TABLE image", "missing table image"), ("DROP INDEX analysis_by_flag", "analysis_by_flag"),
            ("ALTER TABLE visit ADD COLUMN extra TEXT", "unexpected column visit.extra"),
            ("DROP TRIGGER audit_refuses_update", "missing trigger audit audit_refuses_update"),
        ])
    func aHalfMadeSchemaIsRefused(_ backend: DatabaseBackend, _ change: (statement: String, sign: String)) async throws
    {
        try await backend.with { database in
            let isTrigger = change.statement.hasPrefix("DROP TRIGGER")
            let suffix = isTrigger && database.dialect == .postgresql ? " ON audit" : ""
            try await database.write { try $0.execute(change.statement + suffix, []) }
            for attempt in [{ _ = try await Schema.migrate(database) }, { try await Schema.check(database) }] {
                let refusal = await Self.refusal(attempt)
                #expect(refusal?.code == .schemaMismatch)
                #expect(refusal?.message.contains(change.sign) == true, "\(refusal?.message ?? "none")")
                #expect(refusal?.remedy.contains("cutis restore") == true)
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func auditEntriesStayAsTheyAre(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            try await database.write { transaction in
                let audit = AuditRepository(transaction)
                try audit.append(Samples.audit(after: audit.lockHead()))
            }
            var statements = ["UPDATE audit SET outcome = 'ok'", "UPDATE audit SET actor = actor", "DELETE FROM audit"]
            switch database.dialect {
            case .sqlite:
                statements.append(
                    "INSERT OR REPLACE INTO audit SELECT sequence, 5, actor, clinic_id, action, subject, model_hash, "
                        + "input_hash, threshold, outcome, details, previous_hash, hash FROM audit")
            case .postgresql:
                statements.append("TRUNCATE audit")
            }
            for statement in statements {
                let found = await code { try await database.write { try $0.execute(statement, []) } }
                #expect(found == .conflict, "\(statement)")
            }
            let chain = try await database.read { try AuditRepository($0).chain(after: 0, limit: 10) }
            #expect(chain.map(\.time) == [1000])
        }
    }
}

private actor Descriptions {
    private(set) var all: [SchemaDescription] = []

    func add(_ description: SchemaDescription) {
        all.append(description)
    }
}
