import CutisCore
import CutisStoragePostgres
import Testing

/// What is sent to PostgreSQL, and what its refusals become.
@Suite struct PostgresStatementTests {
    @Test(arguments: [
        ("SELECT ?", "SELECT $1", 1),
        ("a = ? AND b = ?", "a = $1 AND b = $2", 2),
        ("'?' || ?", "'?' || $1", 1),
        ("'it''s ?' ?", "'it''s ?' $1", 1),
        (#"'\' ? ''?'"#, #"'\' $1 ''$2'"#, 2),
        (#"E'\'?' ?"#, #"E'\'?' $1"#, 1),
        (#"name'\' ?"#, #"name'\' $1"#, 1),
        (#""a?b" = ?"#, #""a?b" = $1"#, 1),
        ("$$?$$ ?", "$$?$$ $1", 1),
        ("$body$ ? $$ ? $body$ ?", "$body$ ? $$ ? $body$ $1", 1),
        ("a$b? $b", "a$b$1 $b", 1),
        ("-- ?\n?", "-- ?\n$1", 1),
        ("/* ? /* ? */ ? */ ?", "/* ? /* ? */ ? */ $1", 1),
        ("? - ? / ?", "$1 - $2 / $3", 3),
        ("'open ?", "'open ?", 0),
        ("$open$ ?", "$open$ ?", 0),
        ("/* open ?", "/* open ?", 0),
        ("E'\\", "E'\\", 0),
        ("$", "$", 0),
        ("", "", 0),
        ("ä = ? -- ö", "ä = $1 -- ö", 1),
    ])
    func questionMarksBecomeNumbers(_ portable: String, _ text: String, _ count: Int) {
        let statement = PostgresStatement(portable)
        #expect(statement.text == text)
        #expect(statement.argumentCount == count)
    }

    @Test(arguments: [
        ("23505", ErrorCode.conflict), ("23503", .conflict), ("23001", .conflict), ("23502", .internalFailure),
        ("22003", .internalFailure), ("53100", .noSpaceLeft), ("53300", .storageUnavailable),
        ("57P01", .storageUnavailable), ("57P03", .storageUnavailable), ("08006", .storageUnavailable),
        ("57014", .storageUnavailable), ("25006", .storageUnavailable), ("XX001", .storageCorrupt),
        ("XX002", .storageCorrupt), ("42P01", .schemaMismatch), ("42703", .schemaMismatch),
        ("42601", .internalFailure), ("42501", .storageUnavailable), ("", .storageUnavailable),
    ])
    func statesBecomeCodes(_ state: String, _ code: ErrorCode) throws {
        let address = try PostgresAddress("postgresql://user:secret@db.clinic:5433/cutis")
        let error = PostgresFailure.error(
            state: state.isEmpty ? nil : state, message: "it says so", subject: "image", address: address)
        #expect(error.code == code)
        #expect(!error.remedy.isEmpty)
        #expect(!error.description.contains("secret"))
    }

    @Test func addressesShowNoPassword() throws {
        let address = try PostgresAddress("postgres://user:secret@db.clinic:5433/cutis?sslmode=verify-full")
        #expect("\(address)" == "postgresql://user@db.clinic:5433/cutis")
        var dumped = ""
        dump(address, to: &dumped)
        #expect(!dumped.contains("secret"))
        #expect(!String(reflecting: address).contains("secret"))
    }

    @Test(arguments: [
        "", "cutis.db", "host=db password=secret", "postgresql://u:secret@[::1", "postgresql://u:secret@h/%zz",
        "postgresql://u:secret@h/d?nonsense=1", "https://u:secret@h",
    ])
    func addressesThatAreNoneAreRefused(_ text: String) {
        do {
            _ = try PostgresAddress(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect(error.code == .configInvalid)
            #expect(!error.description.contains("secret"))
        }
    }
}
