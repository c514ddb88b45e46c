import CutisStorage
import Foundation
import GRDB

/// A transaction of SQLite, on the connection that runs it.
struct SQLiteTransaction: Transaction {
    let connection: GRDB.Database
    let path: String

    func query(_ statement: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
        try translating {
            let prepared = try connection.cachedStatement(sql: statement)
            let names = prepared.columnNames
            let columns = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
            let rows = try Row.fetchCursor(prepared, arguments: Self.arguments(arguments))
            var result: [SQLRow] = []
            while let row = try rows.next() {
                result.append(SQLRow(columns: columns, values: names.indices.map { Self.value(row[$0]) }))
            }
            return result
        }
    }

    func execute(_ statement: String, _ arguments: [SQLValue]) throws -> Int {
        try translating {
            try connection.cachedStatement(sql: statement).execute(arguments: Self.arguments(arguments))
            return connection.changesCount
        }
    }

    private func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    private static func arguments(_ values: [SQLValue]) throws -> StatementArguments {
        try values.requireStorable()
        return StatementArguments(
            values.map { value -> DatabaseValue in
                switch value {
                case .null: .null
                case .integer(let number): number.databaseValue
                case .real(let number): number.databaseValue
                case .text(let text): text.databaseValue
                case .bytes(let data): data.databaseValue
                }
            })
    }

    private static func value(_ value: DatabaseValue) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .double(let number): .real(number)
        case .string(let text): .text(text)
        case .blob(let data): .bytes(data)
        }
    }
}
