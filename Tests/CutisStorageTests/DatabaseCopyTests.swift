import CutisCore
import CutisStorage
import Foundation
import Testing

/// A copy has every row of the original, or nothing.
@Suite struct DatabaseCopyTests {
    /// Every row of every table, read by statements of the test's own.
    private static func rows(_ database: any Database) async throws -> [String: Set<[SQLValue]>] {
        let dialect = database.dialect
        return try await database.read { transaction in
            var all: [String: Set<[SQLValue]>] = [:]
            let lines = try SchemaDescription(of: transaction, dialect: dialect).lines
            for table in Schema.tables {
                let columns = lines.filter { $0.hasPrefix("column \(table).") }
                    .map { String($0.split(separator: " ")[1].dropFirst(table.count + 1)) }
                let rows = try transaction.query("SELECT \(columns.joined(separator: ", ")) FROM \(table)", [])
                all[table] = Set(try rows.map { row in try columns.map { try row.value($0) } })
            }
            return all
        }
    }

    @Test(arguments: DatabaseBackend.all, DatabaseBackend.all)
    func everyRowIsCopied(_ from: DatabaseBackend, _ to: DatabaseBackend) async throws {
        try await from.with { source in
            for index in 0..<70 {
                let sample = try await SampleClinic("clinic-\(index)", in: source)
                try await source.write { try SessionRepository($0).insert(Samples.session(sample.key)) }
            }
            try await to.withEmpty { target in
                let report = try await DatabaseCopy.run(from: source, to: target)
                let (before, after) = (try await Self.rows(source), try await Self.rows(target))
                for table in Schema.tables {
                    #expect(before[table] == after[table], "\(table)")
                    #expect(report.tables.first { $0.table == table }?.rows == before[table]?.count)
                }
                #expect(before["analysis"]?.count == 70)
                #expect(report.auditSequence == 70)
                try await Schema.check(target)
                // A second copy finds the target full.
                let again = await code { _ = try await DatabaseCopy.run(from: source, to: target) }
                #expect(again == .conflict)
                #expect(try await Self.rows(target) == after)
            }
        }
    }

    /// The source fails at its last table: nothing of the others stays.
    @Test(arguments: DatabaseBackend.all)
    func whatCannotBeCopiedLeavesNothing(_ backend: DatabaseBackend) async throws {
        try await DatabaseBackend.sqlite.with { source in
            _ = try await SampleClinic("north", in: source)
            try await backend.withEmpty { target in
                let refusal = await code {
                    _ = try await DatabaseCopy.run(from: FailingSource(base: source), to: target)
                }
                #expect(refusal == .storageCorrupt)
                let clinics = try await target.read { try $0.query("SELECT id FROM clinic", []).count }
                #expect(clinics == 0)
            }
        }
    }
}

/// A database whose last table cannot be read.
private struct FailingSource: Database {
    let base: any Database

    var dialect: SQLDialect { base.dialect }

    private struct Failing: Transaction {
        let base: any Transaction

        func query(_ statement: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
            if statement.contains("FROM setting") {
                throw CutisError(.storageCorrupt, "The page is damaged.", remedy: "Restore a backup.")
            }
            return try base.query(statement, arguments)
        }

        func execute(_ statement: String, _ arguments: [SQLValue]) throws -> Int {
            try base.execute(statement, arguments)
        }
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        try await base.read { try body(Failing(base: $0)) }
    }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        try await base.write(body)
    }

    func eraseRemains() async throws { try await base.eraseRemains() }

    func close() async { await base.close() }
}
