import CutisStorage
import CutisStoragePostgres
import Testing

extension DatabaseBackend {
    static let postgres = DatabaseBackend(name: "PostgreSQL") { body in
        try await PostgresServer.shared.value.withSchema { url in
            let database = try await PostgresDatabase.open(url)
            do {
                try await body(database)
                await database.close()
            } catch {
                await database.close()
                throw error
            }
        }
    }
}

/// A skip that is seen: without a server, every test of the contract runs on SQLite alone.
@Suite struct PostgresPresenceTests {
    @Test(.enabled(if: PostgresServer.isAvailable, PostgresServer.absence))
    func theContractRunsOnPostgreSQL() {
        #expect(DatabaseBackend.all.contains { $0.name == DatabaseBackend.postgres.name })
    }
}
