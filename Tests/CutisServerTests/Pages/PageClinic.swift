import CutisCore
import CutisMonitoring
import CutisServer
import CutisService
import CutisStorage
import CutisStorageSQLite
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore

/// A server with two clinics and a user of each role in the first, over a database in a folder of its own.
final class PageClinic: Sendable {
    let folder: URL
    let container: ServiceContainer
    /// The keys of the users, by role; `other` is a clinician of the second clinic.
    let keys: [String: String]

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-pages-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let secret = try InstallationSecret(Data(repeating: 7, count: 32))
        let database = try SQLiteDatabase(folder.appendingPathComponent("cutis.sqlite"))
        try await Schema.migrate(database)
        let metrics = ServiceMetrics()
        let models = ModelRegistry(
            loader: PageModelLoader(),
            limits: ModelLimits(memoryBytes: 1 << 20, preparation: PreparationLimits(threads: 2)), metrics: metrics)
        let facts = try await models.load(URL(fileURLWithPath: "/bundles/page"))
        try await models.activate(facts.identity.id, version: facts.identity.version)
        let audit = try AuditService(database: database, secret: secret)
        let accounts = AccountService(database: database, audit: audit, secret: secret)
        let blobs = try FileBlobStore(folder.appendingPathComponent("blobs"))
        container = ServiceContainer(
            analyses: AnalysisService(
                database: database, blobs: blobs, models: models, cleaning: PageCleaning(), audit: audit,
                secret: secret, metrics: metrics),
            accounts: accounts, feedback: FeedbackService(database: database, audit: audit),
            reviews: ReviewService(database: database, audit: audit), audit: audit,
            retention: RetentionService(database: database, blobs: blobs, audit: audit, secret: secret),
            idempotency: IdempotencyService(database: database), models: models,
            admission: AdmissionController(limits: ClientLimits(rate: 1000, burst: 1000)), metrics: metrics,
            database: database, configuration: ServerConfiguration())
        keys = try await Self.users(accounts)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func users(_ accounts: AccountService) async throws -> [String: String] {
        guard let first = try await accounts.bootstrap() else {
            throw CutisError(.internalFailure, "The first run made nothing.", remedy: "-")
        }
        let admin = try await accounts.authenticate(apiKey: first.key.text)
        var keys = ["admin": first.key.text]
        for clinic in ["north", "south"] {
            _ = try await accounts.createClinic(name: clinic, title: clinic.capitalized + " clinic", by: admin)
        }
        for role in Role.allCases where role != .admin {
            let user = try await accounts.createUser(
                name: "Dr \(role.rawValue)", role: role, clinic: [.engineer, .auditor].contains(role) ? nil : "north",
                by: admin)
            keys[role.rawValue] = try await accounts.createKey(userID: user.id, by: admin).text
        }
        let other = try await accounts.createUser(name: "Other", role: .clinician, clinic: "south", by: admin)
        keys["other"] = try await accounts.createKey(userID: other.id, by: admin).text
        return keys
    }

    func application() throws -> some ApplicationProtocol {
        var logger = Logger(label: "pages")
        logger.logLevel = .critical
        return try buildApplication(container, configuration: container.configuration, logger: logger)
    }

    /// Runs a body with a browser that is not signed in.
    func browse(_ body: @escaping @Sendable (PageBrowser) async throws -> Void) async throws {
        try await application().test(.router) { client in
            try await body(PageBrowser(client: client, clinic: self))
        }
    }
}

/// What a browser does, as far as the server notices.
struct PageBrowser: Sendable {
    let client: any TestClientProtocol
    let clinic: PageClinic
    /// The session's cookie, `name=value`.
    var cookie: String?
    /// What the session's forms send along.
    var csrf = ""

    /// One answer of the server.
    struct Answer: Sendable {
        let status: Int
        let location: String?
        let text: String
        let headers: HTTPFields
    }

    /// A browser that has signed in with a user's key.
    func signedIn(as user: String) async throws -> PageBrowser {
        var signedIn = self
        let answer = try await post("/sign-in", ["key": clinic.keys[user] ?? ""])
        signedIn.cookie = answer.headers[.setCookie].map { String($0.prefix { $0 != ";" }) }
        let page = try await signedIn.get("/analyses/none")
        signedIn.csrf =
            page.text.firstMatch(of: #/name="csrf_token" value="([0-9a-f]+)"/#).map { String($0.output.1) } ?? ""
        return signedIn
    }

    func get(_ path: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await send(path, .get, headers: headers, body: nil)
    }

    /// Sends a form with the session's token.
    func post(_ path: String, _ fields: KeyValuePairs<String, String>, token: String? = nil) async throws -> Answer {
        let all = fields.map { ($0.key, $0.value) } + [("csrf_token", token ?? csrf)]
        let text = all.map { name, value in
            name + "=" + (value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
        }.joined(separator: "&")
        return try await send(
            path, .post, headers: [.contentType: "application/x-www-form-urlencoded"], body: ByteBuffer(string: text))
    }

    /// Sends the upload page's form as a browser without scripts does.
    func upload(
        _ image: String, patient: String = "P-1", site: String = "back", clinic name: String? = nil,
        token: String? = nil
    ) async throws -> Answer {
        var text = ""
        for (name, value) in [
            ("csrf_token", token ?? csrf), ("patient", patient), ("site", site), ("clinic", name ?? ""),
        ] where !value.isEmpty {
            text += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        // The camera's picker is there and empty.
        for content in ["", image] {
            text += "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n"
            text += "Content-Type: image/jpeg\r\n\r\n\(content)\r\n"
        }
        return try await send(
            "/upload", .post, headers: [.contentType: "multipart/form-data; boundary=b"],
            body: ByteBuffer(string: text + "--b--\r\n"))
    }

    /// Uploads and returns the path of the analysis.
    func analysis(_ image: String = "IMAGE mel=0.8 nv=0.2", patient: String = "P-1") async throws -> String {
        try await upload(image, patient: patient).location ?? ""
    }

    private func send(
        _ path: String, _ method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
    ) async throws -> Answer {
        var headers = headers
        headers[.accept] = "text/html,application/xhtml+xml,*/*;q=0.8"
        if let cookie { headers[.cookie] = cookie }
        return try await client.execute(uri: path, method: method, headers: headers, body: body) { response in
            Answer(
                status: response.status.code, location: response.headers[.location],
                text: String(buffer: response.body), headers: response.headers)
        }
    }
}
