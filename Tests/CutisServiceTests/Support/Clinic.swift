import CutisCore
import CutisService
import CutisStorage
import CutisStorageSQLite
import Foundation
import ServiceFakes
import Synchronization

/// A clock that tests set.
final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_800_000_000_000)

    var now: Int64 { time.withLock { $0 } }
    func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
    var service: ServiceClock { ServiceClock { self.now } }
}

/// All services over a database in a folder of its own, with two clinics and a user of each role in both.
final class Clinic: Sendable {
    let folder: URL
    let clock = TestClock()
    let secret: InstallationSecret
    let database: FaultyDatabase
    let blobs = MemoryBlobs()
    let model: FakeModel
    let screen = FakeModel(.screening)
    let models: ModelRegistry
    let metrics = ServiceMetrics()
    let audit: AuditService
    let accounts: AccountService
    let analyses: AnalysisService
    let feedback: FeedbackService
    let reviews: ReviewService
    let retention: RetentionService
    let idempotency: IdempotencyService
    let admin: Principal
    let adminKey: String
    private let users: [String: Principal]

    init(rules: Recommendations? = nil, retention policy: RetentionPolicy = RetentionPolicy()) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-service-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let clock = clock.service
        secret = try InstallationSecret(Data(repeating: 7, count: 32))
        database = FaultyDatabase(try SQLiteDatabase(folder.appendingPathComponent("cutis.sqlite")))
        try await Schema.migrate(database)
        model = FakeModel(rules: rules)
        models = ModelRegistry(
            loader: FakeLoader(models: ["c": model, "s": screen]),
            limits: ModelLimits(memoryBytes: 1 << 20, preparation: PreparationLimits(threads: 2)), metrics: metrics)
        for name in ["c", "s"] {
            let facts = try await models.load(URL(fileURLWithPath: "/bundles/\(name)"))
            try await models.activate(facts.identity.id, version: facts.identity.version)
        }
        audit = try AuditService(database: database, secret: secret, clock: clock)
        accounts = AccountService(database: database, audit: audit, secret: secret, clock: clock)
        analyses = AnalysisService(
            database: database, blobs: blobs, models: models, cleaning: FakeCleaning(), audit: audit, secret: secret,
            metrics: metrics, clock: clock)
        feedback = FeedbackService(database: database, audit: audit, clock: clock)
        reviews = ReviewService(database: database, audit: audit, clock: clock)
        retention = RetentionService(
            database: database, blobs: blobs, audit: audit, secret: secret, clock: clock, policy: policy)
        idempotency = IdempotencyService(database: database, clock: clock)
        guard let first = try await accounts.bootstrap() else {
            throw CutisError(.internalFailure, "The first run made nothing.", remedy: "-")
        }
        adminKey = first.key.text
        let admin = try await accounts.authenticate(apiKey: adminKey)
        self.admin = admin
        var users: [String: Principal] = [:]
        for clinic in ["north", "south"] {
            _ = try await accounts.createClinic(name: clinic, title: clinic.capitalized, by: admin)
            for role in Role.allCases {
                let user = try await accounts.createUser(
                    name: "\(role.rawValue) \(clinic)", role: role, clinic: clinic, by: admin)
                users["\(role.rawValue) \(clinic)"] = Principal(
                    userID: user.id, name: user.name, role: role, clinicID: user.clinicID)
            }
        }
        self.users = users
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A user of a clinic.
    func user(_ role: Role, _ clinic: String = "north") -> Principal {
        users["\(role.rawValue) \(clinic)"] ?? admin
    }

    /// A request of one patient.
    static func request(
        _ words: String..., patient: String = "P-1", explains: Bool = false, claim: IdempotencyClaim? = nil
    ) -> AnalyzeRequest {
        AnalyzeRequest(
            images: words.map { Data("IMAGE \($0)".utf8) }, patient: patient, includesExplanation: explains,
            deadline: .now + .seconds(300), claim: claim)
    }

    /// One kept analysis.
    func analysis(
        _ words: String = "mel=0.8 nv=0.2", patient: String = "P-1", by principal: Principal? = nil
    ) async throws -> Analysis {
        try await analyses.analyze(Self.request(words, patient: patient), by: principal ?? user(.clinician))
    }

    /// A number out of the database.
    func number(_ statement: String, _ arguments: [SQLValue] = []) async throws -> Int64 {
        try await database.read { try $0.query(statement, arguments)[0].integer("n") }
    }

    /// A change of the database behind the services' backs.
    func tamper(_ statements: String...) async throws {
        try await database.write { transaction in
            for statement in statements { try transaction.execute(statement, []) }
        }
    }
}

/// The code of the problem that a body ends in, or nil.
func code(_ body: () async throws -> some Any) async -> ErrorCode? {
    do {
        _ = try await body()
        return nil
    } catch let error as CutisError {
        return error.code
    } catch let error as ServiceRefusal {
        return error.error.code
    } catch {
        return .internalFailure
    }
}
