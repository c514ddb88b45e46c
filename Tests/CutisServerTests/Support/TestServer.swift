import CutisCore
import CutisServer
import CutisService
import CutisStorage
import CutisStorageSQLite
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceFakes

/// A server over a database in a folder of its own, with two clinics and a user of each role in both.
final class TestServer: Sendable {
    let folder: URL
    let container: ServiceContainer
    let blobs = MemoryBlobs()
    let model = FakeModel()
    let configuration: ServerConfiguration
    let adminKey: String
    private let keys: [String: String]
    private let users: [String: String]

    init(
        limits: ClientLimits = ClientLimits(rate: 1e6, burst: 1e6, concurrency: 1000),
        queue: QueueLimits = QueueLimits(), bodyTimeout: Duration = .seconds(60),
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-server-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let secret = try InstallationSecret(Data(repeating: 7, count: 32))
        let database = try SQLiteDatabase(folder.appendingPathComponent("cutis.sqlite"))
        try await Schema.migrate(database)
        let metrics = ServiceMetrics()
        let models = ModelRegistry(
            loader: FakeLoader(models: [
                "c": model, "s": FakeModel(.screening), "new": FakeModel(hash: "h2", version: "2.0.0"),
            ]),
            limits: ModelLimits(memoryBytes: 1 << 20, queue: queue, preparation: PreparationLimits(threads: 2)),
            metrics: metrics)
        let bundles = folder.appendingPathComponent("bundles")
        for name in ["c", "s", "new"] {
            try FileManager.default.createDirectory(
                at: bundles.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        for name in ["c", "s"] {
            let facts = try await models.load(bundles.appendingPathComponent(name))
            try await models.activate(facts.identity.id, version: facts.identity.version)
        }
        let audit = try AuditService(database: database, secret: secret)
        let accounts = AccountService(database: database, audit: audit, secret: secret)
        var configuration = ServerConfiguration()
        configuration.bundles = bundles
        configuration.version = "1.2.3"
        configuration.timeouts.body = bodyTimeout
        change(&configuration)
        self.configuration = configuration
        container = ServiceContainer(
            analyses: AnalysisService(
                database: database, blobs: blobs, models: models, cleaning: FakeCleaning(), audit: audit,
                secret: secret, metrics: metrics),
            accounts: accounts, feedback: FeedbackService(database: database, audit: audit),
            reviews: ReviewService(database: database, audit: audit), audit: audit,
            retention: RetentionService(database: database, blobs: blobs, audit: audit, secret: secret),
            idempotency: IdempotencyService(database: database), models: models,
            admission: AdmissionController(limits: limits, metrics: metrics), metrics: metrics, database: database,
            configuration: configuration)
        guard let first = try await accounts.bootstrap() else {
            throw CutisError(.internalFailure, "The first run made nothing.", remedy: "-")
        }
        adminKey = first.key.text
        let admin = try await accounts.authenticate(apiKey: adminKey)
        var (keys, users): ([String: String], [String: String]) = ([:], [:])
        for clinic in ["north", "south"] {
            _ = try await accounts.createClinic(name: clinic, title: clinic.capitalized, by: admin)
            for role in Role.allCases {
                let name = "\(role.rawValue) \(clinic)"
                let user = try await accounts.createUser(name: name, role: role, clinic: clinic, by: admin)
                users[name] = user.id
                keys[name] = try await accounts.createKey(userID: user.id, by: admin).text
            }
        }
        (self.keys, self.users) = (keys, users)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The key of a user of a clinic.
    func key(_ role: Role, _ clinic: String = "north") -> String { keys["\(role.rawValue) \(clinic)"] ?? "" }

    /// The id of a user of a clinic.
    func user(_ role: Role, _ clinic: String = "north") -> String { users["\(role.rawValue) \(clinic)"] ?? "" }

    /// Runs a body with a client; `.router` needs no connection.
    func test(
        _ setup: TestingSetup = .router, draining: Draining = Draining(),
        _ body: @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        try await buildApplication(container, configuration: configuration, draining: draining, logger: logger)
            .test(setup, body)
    }

    /// The images that wait for the model, and those that are in it.
    func queue() async -> (waiting: Int, running: Int) {
        let status = await container.models.models().first { $0.facts.identity == model.facts.identity }
        return (status?.queue.rows ?? -1, status?.queue.runningRows ?? -1)
    }

    /// A file that the fake model takes for an image.
    static func image(_ words: String = "mel=0.8 nv=0.2") -> Data { Data("IMAGE \(words)".utf8) }

    /// The body of `POST /api/v1/analyze`.
    static func analyzeBody(_ words: String = "mel=0.8 nv=0.2", patient: String = "P-1", _ more: String = "") -> String
    {
        "{\"image\":\"\(image(words).base64EncodedString())\",\"patient_id\":\"\(patient)\"\(more)}"
    }
}

/// An answer with its JSON read.
struct Answer {
    let response: TestResponse
    let json: [String: Any]

    var status: Int { response.status.code }
    var code: String? { json["code"] as? String }
    var id: String { json["id"] as? String ?? "" }

    subscript(_ name: String) -> Any? { json[name] }
}

extension TestClientProtocol {
    /// Sends a request and reads what comes back.
    func send(
        _ method: HTTPRequest.Method, _ uri: String, key: String? = nil, json: String? = nil, body: Data? = nil,
        type: String = "application/json", headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if let key { headers[.authorization] = "Bearer \(key)" }
        let content = json.map { ByteBuffer(string: $0) } ?? body.map { ByteBuffer(bytes: $0) }
        if content != nil { headers[.contentType] = type }
        let response = try await executeRequest(uri: uri, method: method, headers: headers, body: content)
        let object = try? JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
        return Answer(response: response, json: object as? [String: Any] ?? [:])
    }

    /// Keeps an analysis of a clinic.
    func analyze(_ server: TestServer, _ clinic: String = "north", _ words: String = "mel=0.8 nv=0.2") async throws
        -> Answer
    {
        try await send(
            .post, "/api/v1/analyze", key: server.key(.clinician, clinic), json: TestServer.analyzeBody(words))
    }
}
