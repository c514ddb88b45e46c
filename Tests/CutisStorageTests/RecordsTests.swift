import CutisCore
import CutisStorage
import Foundation
import Testing

/// Rows, identifiers and what a row cannot become.
@Suite struct RecordsTests {
    @Test func identifiersSortByTime() {
        let ids = (0..<500).map { Identifier.make(milliseconds: 1_700_000_000_000 + Int64($0)) }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 500)
        #expect(ids.allSatisfy(Identifier.isValid))
        #expect(ids.allSatisfy { $0.dropFirst(14).first == "7" && "89ab".contains($0.dropFirst(19).first ?? "x") })
        for text in [
            "", "x", ids[0].uppercased(), ids[0] + "a", String(ids[0].dropLast()), "../" + ids[0].dropFirst(3),
        ] {
            #expect(!Identifier.isValid(text), "\(text)")
        }
    }

    @Test func aRowOfAnotherShapeIsAnError() throws {
        let row = SQLRow(
            columns: ["text": 0, "number": 1, "nothing": 2, "real": 3, "beyond": 9],
            values: [.text("a"), .integer(3), .null, .real(0.5)])
        #expect(try row.text("text") == "a")
        #expect(try row.real("number") == 3)
        #expect(try row.optionalText("nothing") == nil)
        #expect(try row.optionalInteger("nothing") == nil)
        #expect(try row.optionalReal("nothing") == nil)
        let wrong: [() throws -> Void] = [
            { _ = try row.text("number") }, { _ = try row.text("nothing") }, { _ = try row.integer("real") },
            { _ = try row.integer("text") }, { _ = try row.real("text") }, { _ = try row.bytes("text") },
            { _ = try row.text("absent") }, { _ = try row.value("beyond") }, { _ = try row.optionalReal("absent") },
        ]
        for (index, body) in wrong.enumerated() {
            var found: ErrorCode?
            do { try body() } catch { found = (error as? CutisError)?.code }
            #expect(found == .storageCorrupt, "case \(index)")
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aWordThatThisVersionDoesNotKnowIsNamed(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let user = Samples.user(nil, role: .admin)
            try await database.write { transaction in
                try UserRepository(transaction).insert(user)
                try transaction.execute("UPDATE user_account SET role = 'wizard'", [])
            }
            var message = ""
            do {
                _ = try await database.read { try UserRepository($0).find(user.id, clinicID: nil) }
            } catch let error as CutisError {
                message = error.message
            }
            #expect(message.contains("role") && message.contains("wizard"))
        }
    }
}
