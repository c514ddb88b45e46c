import CutisCore
import CutisService
import CutisStorage
import Foundation
import Testing

@Suite struct AccountTests {
    @Test func theFirstRunGivesOneKey() async throws {
        let clinic = try await Clinic()
        #expect(clinic.adminKey.hasPrefix("cutis_"))
        #expect(clinic.adminKey.count == 49)
        #expect(try await clinic.accounts.bootstrap() == nil)
        #expect(clinic.admin.role == .admin)
        #expect(clinic.admin.clinicID == nil)
        // The key itself is nowhere in the database.
        let rows = try await clinic.database.read { try $0.query("SELECT prefix, hash FROM api_key", []) }
        let texts = try rows.map { try $0.text("prefix") + (try $0.text("hash")) }
        #expect(texts.allSatisfy { !$0.contains(clinic.adminKey.dropFirst(20)) })
        #expect(clinic.adminKey.hasPrefix(try rows[0].text("prefix")))
    }

    @Test func twoFirstRunsAtOnceMakeOneInstallation() async throws {
        let clinic = try await Clinic()
        try await clinic.tamper(
            "DELETE FROM api_key", "DELETE FROM user_account", "DELETE FROM clinic",
            "DELETE FROM setting WHERE name = 'installation.fingerprint'")
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { try await clinic.accounts.bootstrap() != nil } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM user_account") == 1)
    }

    @Test func anotherSecretIsRefused() async throws {
        let clinic = try await Clinic()
        let other = AccountService(
            database: clinic.database, audit: clinic.audit,
            secret: try InstallationSecret(Data(repeating: 8, count: 32)))
        #expect(await code { try await other.bootstrap() } == .configInvalid)
    }

    @Test func theSecretsFileIsMadeOnceAndReadByItsOwnerAlone() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("secret-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(throws: CutisError.self) { try InstallationSecret(file: file, creates: false) }
        let first = try InstallationSecret(file: file, creates: true)
        let again = try InstallationSecret(file: file, creates: true)
        #expect(first.fingerprint == again.fingerprint)
        let rights = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(rights == 0o600)
        try Data("short".utf8).write(to: file)
        #expect(throws: CutisError.self) { try InstallationSecret(file: file, creates: true) }
        #expect(throws: CutisError.self) { try InstallationSecret(Data(count: 31)) }
    }

    @Test func keysEndWhenTheyAreRevokedExpiredOrTheirUserDisabled() async throws {
        let clinic = try await Clinic()
        let accounts = clinic.accounts
        let user = clinic.user(.clinician)
        func key(expiresIn milliseconds: Int64? = nil) async throws -> NewKey {
            try await accounts.createKey(
                userID: user.userID, expiresAt: milliseconds.map { clinic.clock.now + $0 }, by: clinic.admin)
        }
        let (revoked, expiring, last) = (try await key(), try await key(expiresIn: 1000), try await key())
        #expect(try await accounts.authenticate(apiKey: revoked.text).userID == user.userID)
        #expect(try await accounts.authenticate(apiKey: expiring.text).clinicID == user.clinicID)
        try await accounts.revokeKey(revoked.record.id, by: clinic.admin)
        #expect(await code { try await accounts.authenticate(apiKey: revoked.text) } == .unauthenticated)
        clinic.clock.advance(1000)
        #expect(await code { try await accounts.authenticate(apiKey: expiring.text) } == .unauthenticated)
        _ = try await accounts.setDisabled(true, user: user.userID, by: clinic.admin)
        #expect(await code { try await accounts.authenticate(apiKey: last.text) } == .unauthenticated)
        #expect(await code { try await key() } == .conflict)
        _ = try await accounts.setDisabled(false, user: user.userID, by: clinic.admin)
        #expect(await code { try await accounts.authenticate(apiKey: last.text) } == nil)
        #expect(await code { try await key(expiresIn: 0) } == .requestInvalid)
        #expect(
            await code { try await accounts.setDisabled(true, user: clinic.admin.userID, by: clinic.admin) }
                == .conflict)
    }

    @Test(arguments: ["", "cutis_", "cutis_short", "Bearer x", String(repeating: "c", count: 100_000)])
    func whatIsNoKeyIsRefused(_ text: String) async throws {
        let clinic = try await Clinic()
        #expect(await code { try await clinic.accounts.authenticate(apiKey: text) } == .unauthenticated)
        let changed = String(clinic.adminKey.dropLast()) + (clinic.adminKey.last == "A" ? "B" : "A")
        #expect(await code { try await clinic.accounts.authenticate(apiKey: changed) } == .unauthenticated)
    }

    @Test func theLastUseIsWrittenOnceAMinute() async throws {
        let clinic = try await Clinic()
        func used() async throws -> Int64 { try await clinic.number("SELECT MAX(last_used_at) AS n FROM api_key") }
        let first = try await used()
        let writes = clinic.database.writes
        clinic.clock.advance(59_999)
        _ = try await clinic.accounts.authenticate(apiKey: clinic.adminKey)
        #expect(try await used() == first)
        #expect(clinic.database.writes == writes)
        clinic.clock.advance(1)
        _ = try await clinic.accounts.authenticate(apiKey: clinic.adminKey)
        #expect(try await used() == first + 60_000)
        // A request is not refused because that cannot be written.
        clinic.clock.advance(60_000)
        clinic.database.fail(.atCommit)
        #expect(await code { try await clinic.accounts.authenticate(apiKey: clinic.adminKey) } == nil)
    }

    @Test func sessionsEndWithTheirKeyTheirUserAndTheirTime() async throws {
        let clinic = try await Clinic()
        let accounts = clinic.accounts
        let user = clinic.user(.clinician)
        let key = try await accounts.createKey(userID: user.userID, by: clinic.admin)
        let one = try await accounts.signIn(apiKey: key.text)
        #expect(try await accounts.principal(session: one.token).userID == user.userID)
        #expect(accounts.isValid(csrf: one.csrf, session: one.token))
        let two = try await accounts.signIn(apiKey: key.text)
        #expect(one.token != two.token)
        #expect(!accounts.isValid(csrf: one.csrf, session: two.token))
        #expect(!accounts.isValid(csrf: "", session: one.token))
        #expect(!accounts.isValid(csrf: "zz", session: one.token))
        try await accounts.signOut(session: one.token)
        #expect(await code { try await accounts.principal(session: one.token) } == .unauthenticated)
        clinic.clock.advance(12 * 3_600_000)
        #expect(await code { try await accounts.principal(session: two.token) } == .unauthenticated)
        let three = try await accounts.signIn(apiKey: key.text)
        try await accounts.revokeKey(key.record.id, by: clinic.admin)
        #expect(await code { try await accounts.principal(session: three.token) } == .unauthenticated)
        #expect(await code { try await accounts.signIn(apiKey: key.text) } == .unauthenticated)
        #expect(await code { try await accounts.principal(session: "") } == .unauthenticated)
        // The cookie itself is not in the database.
        #expect(
            try await clinic.number(
                "SELECT COUNT(*) AS n FROM web_session WHERE hash = ?", [.text(two.token)]) == 0)
    }

    @Test func anExternalUserIsOnePersonWhoseClaimsCount() async throws {
        let clinic = try await Clinic()
        let accounts = clinic.accounts
        var identity = ExternalIdentity(
            issuer: "https://id", subject: "s-1", name: "Dr. A", role: .clinician, clinic: "north")
        let first = try await accounts.principal(for: identity)
        #expect(first.clinicID == clinic.user(.clinician).clinicID)
        let again = try await accounts.principal(for: identity)
        #expect(again == first)
        _ = try await clinic.analysis(by: first)
        identity.role = .reviewer
        identity.clinic = "south"
        let moved = try await accounts.principal(for: identity)
        #expect(moved.userID == first.userID)
        #expect(moved.role == .reviewer)
        #expect(moved.clinicID == clinic.user(.clinician, "south").clinicID)
        // Issuer and subject do not run into each other.
        var other = identity
        (other.issuer, other.subject) = ("https://ids", "-1")
        #expect(try await accounts.principal(for: other).userID != first.userID)
        _ = try await accounts.setDisabled(true, user: first.userID, by: clinic.admin)
        let disabled = identity
        #expect(await code { try await accounts.principal(for: disabled) } == .unauthenticated)
        identity.clinic = "nowhere"
        let nowhere = identity
        #expect(await code { try await accounts.principal(for: nowhere) } == .forbidden)
        identity.clinic = nil
        let homeless = identity
        #expect(await code { try await accounts.principal(for: homeless) } == .forbidden)
    }
}
