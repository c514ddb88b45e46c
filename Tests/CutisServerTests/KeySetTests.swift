import CutisCore
import CutisServer
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import HummingbirdTesting
import JWTKit
import Logging
import NIOCore
import NIOSSL
import Synchronization
import Testing

/// The identity provider's keys come over https, and stay where the provider does not answer rightly.
@Suite(.enabled(if: LocalCertificate.canBeMade)) struct KeySetTests {
    private struct Claims: JWTPayload {
        var iss = "https://id.example"
        var aud = "cutis"
        var sub = "alice"
        var exp = 4_000_000_000.0
        var role = "clinician"
        var clinic = "north"

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    /// What the provider answers.
    private enum Answer: Sendable, CaseIterable {
        case keys, large, endless, slow, page, error, redirection, otherJSON
    }

    /// A provider on this machine, and what a server that trusts it logs.
    private final class Provider: Sendable {
        let answer = Mutex(Answer.keys)
        let asked = Mutex(0)
        let lines = Mutex<[String]>([])
        let now = Mutex<Int64>(1_800_000_000_000)
        let keys: String

        init(_ keys: String) { self.keys = keys }

        var logger: Logger { Logger(label: "test") { _ in LineHandler(provider: self) } }
        var errors: Int { lines.withLock { $0.count } }
        var requests: Int { asked.withLock { $0 } }

        func pass(_ milliseconds: Int64) { now.withLock { $0 += milliseconds } }

        func application(_ files: CutisServer.ServerConfiguration.TLSFiles?) throws -> some ApplicationProtocol {
            let router = Router()
            router.get("keys") { [self] _, _ in
                asked.withLock { $0 += 1 }
                return response(answer.withLock { $0 })
            }
            router.get("other") { [self] _, _ in response(.keys) }
            var logger = Logger(label: "provider")
            logger.logLevel = .critical
            var server = HTTPServerBuilder.http1()
            if let files {
                let chain = try NIOSSLCertificate.fromPEMFile(files.certificate.path).map {
                    NIOSSLCertificateSource.certificate($0)
                }
                let key = try NIOSSLPrivateKey(file: files.privateKey.path, format: .pem)
                server = try .tls(
                    .http1(),
                    tlsConfiguration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
            }
            return Application(
                router: router, server: server,
                configuration: ApplicationConfiguration(address: .hostname("localhost", port: 0)), logger: logger)
        }

        private func response(_ answer: Answer) -> Response {
            func text(_ text: String) -> Response {
                Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
            }
            switch answer {
            case .keys: return text(keys)
            case .large: return text(keys + String(repeating: " ", count: 1 << 20))
            case .endless:
                return Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        // Fails when the reader has had enough.
                        while true { try await writer.write(ByteBuffer(repeating: 32, count: 1 << 16)) }
                    })
            case .slow:
                return Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        while true {
                            try await writer.write(ByteBuffer(string: " "))
                            try await Task.sleep(for: .milliseconds(100))
                        }
                    })
            case .page: return text("<!DOCTYPE html><html>Sign in</html>")
            case .error: return Response(status: .internalServerError)
            case .redirection: return Response(status: .found, headers: [.location: "/other"])
            case .otherJSON: return text("{\"keys\":\"none\"}")
            }
        }
    }

    private struct LineHandler: LogHandler {
        let provider: Provider
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard event.level >= .error else { return }
            provider.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }

    private let signer: EdDSA.PrivateKey
    private let provider: Provider

    init() throws {
        signer = try EdDSA.PrivateKey(curve: .ed25519)
        let x = signer.publicKey.rawRepresentation.base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        provider = Provider("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"x\":\"\(x)\"}]}")
    }

    private func token() async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(eddsa: signer, kid: "ed")
        return try await keys.sign(Claims(), kid: "ed")
    }

    private func configuration(_ port: Int, _ scheme: String = "https", authority: URL?) throws -> TokenConfiguration {
        TokenConfiguration(
            issuer: "https://id.example", audience: "cutis", algorithms: [.edDSA],
            keys: .address(try #require(URL(string: "\(scheme)://localhost:\(port)/keys"))), authority: authority)
    }

    private func verifier(_ configuration: TokenConfiguration, limit: Duration = .seconds(600)) -> TokenVerifier {
        TokenVerifier(
            configuration, now: { [provider] in provider.now.withLock { $0 } }, logger: provider.logger,
            timeLimit: limit)
    }

    private func subject(_ token: String, _ verifier: TokenVerifier) async -> String? {
        try? await verifier.identity(of: token).subject
    }

    @Test func keysStayWhereTheProviderDoesNotAnswerRightly() async throws {
        let token = try await token()
        try await LocalCertificate.withFolder { folder in
            let files = try LocalCertificate.make(folder, "provider")
            try await provider.application(files).test(.ahc(.https)) { client in
                let configuration = try configuration(try #require(client.port), authority: files.certificate)
                let verifier = verifier(configuration)
                #expect(await subject(token, verifier) == "alice", "\(provider.lines.withLock { $0 })")
                #expect(await subject(token, verifier) == "alice")
                #expect(provider.requests == 1 && provider.errors == 0)
                for answer in Answer.allCases where ![.keys, .slow].contains(answer) {
                    provider.answer.withLock { $0 = answer }
                    provider.pass(2 * 3_600_000)
                    let (requests, errors) = (provider.requests, provider.errors)
                    #expect(await subject(token, verifier) == "alice", "\(answer)")
                    #expect(provider.requests == requests + 1, "\(answer)")
                    #expect(provider.errors == errors + 1, "\(answer)")
                    #expect(provider.lines.withLock { $0.last }?.contains("could not be read") == true)
                    // Within a minute it is not asked again.
                    provider.pass(30_000)
                    #expect(await subject(token, verifier) == "alice")
                    #expect(provider.requests == requests + 1, "\(answer)")
                    // Who has no keys yet says that he cannot know: no token is taken, and none is called wrong.
                    let fresh = self.verifier(configuration)
                    await #expect(performing: { try await fresh.identity(of: token) }, throws: { !($0 is CutisError) })
                }
                provider.answer.withLock { $0 = .keys }
                provider.pass(2 * 3_600_000)
                let errors = provider.errors
                #expect(await subject(token, verifier) == "alice")
                #expect(provider.errors == errors)
                // Old keys do not serve for ever.
                provider.answer.withLock { $0 = .error }
                provider.pass(86_400_001)
                await #expect(performing: { try await verifier.identity(of: token) }, throws: { !($0 is CutisError) })
                provider.answer.withLock { $0 = .keys }
                provider.pass(60_001)
                #expect(await subject(token, verifier) == "alice")
            }
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func anAnswerThatDripsIsGivenUp() async throws {
        let token = try await token()
        try await LocalCertificate.withFolder { folder in
            let files = try LocalCertificate.make(folder, "provider")
            try await provider.application(files).test(.ahc(.https)) { client in
                let port = try #require(client.port)
                provider.answer.withLock { $0 = .slow }
                let verifier = verifier(
                    try configuration(port, authority: files.certificate), limit: .seconds(2))
                // All who come meanwhile wait for the one reading.
                await withTaskGroup(of: String?.self) { group in
                    for _ in 0..<8 { group.addTask { await subject(token, verifier) } }
                    for await subject in group { #expect(subject == nil) }
                }
                #expect(provider.requests <= 1 && provider.errors == 1)
                // Each reading may take two seconds: on a busy machine it may need more than one of them.
                provider.answer.withLock { $0 = .keys }
                #expect(
                    try await eventually {
                        provider.pass(61_000)
                        return await subject(token, verifier) == "alice"
                    })
            }
        }
    }

    /// Those who wait for a reading get what it brings, all of them.
    @Test func whoComesDuringTheFirstReadingGetsItsKeys() async throws {
        let token = try await token()
        let configuration = try configuration(1, authority: nil)
        for _ in 0..<50 {
            let verifier = TokenVerifier(configuration, logger: provider.logger) { [keys = provider.keys] in
                try await Task.sleep(for: .milliseconds(5))
                return Data(keys.utf8)
            }
            await withTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { await subject(token, verifier) } }
                for await subject in group { #expect(subject == "alice") }
            }
        }
    }

    @Test func onlyHTTPSAndATrustedAuthorityCount() async throws {
        let token = try await token()
        try await LocalCertificate.withFolder { folder in
            let (files, other) = (
                try LocalCertificate.make(folder, "provider"), try LocalCertificate.make(folder, "other")
            )
            try await provider.application(files).test(.ahc(.https)) { client in
                let port = try #require(client.port)
                for authority in [nil, other.certificate] {
                    let verifier = verifier(try configuration(port, authority: authority))
                    #expect(await subject(token, verifier) == nil)
                }
                #expect(provider.requests == 0 && provider.errors == 2)
            }
            // In clear text it is not even asked.
            try await provider.application(nil).test(.ahc()) { client in
                let port = try #require(client.port)
                let verifier = verifier(try configuration(port, "http", authority: nil))
                #expect(await subject(token, verifier) == nil)
                #expect(provider.requests == 0 && provider.errors == 3)
                #expect(provider.lines.withLock { $0.last }?.contains("not https") == true)
                // Over the API that is a failure of the server, not of the token; keys of the API go on.
                let server = try await TestServer { $0.tokens = try? configuration(port, "http", authority: nil) }
                try await server.test { client in
                    let answer = try await client.send(.get, "/api/v1/accounts/me", key: token)
                    #expect(answer.status == 503 && answer.code == "network-failed", "\(answer.json)")
                    #expect(answer.response.headers[.retryAfter] == "60")
                    #expect(try await client.send(.get, "/api/v1/accounts/me", key: server.adminKey).status == 200)
                }
            }
        }
    }
}
