import Crypto
import CutisCore
import CutisServer
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import JWTKit
import Logging
import Synchronization
import Testing

/// What an identity provider signs.
private struct Claims: JWTPayload {
    var iss = "https://id.example"
    var aud: [String] = ["cutis"]
    var sub: String? = "alice"
    var exp: Double? = 1_800_000_600
    var nbf: Double?
    var role = ["clinician"]
    var clinic: String? = "north"

    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

@Suite struct TokenTests {
    private static let now: Int64 = 1_800_000_000_000
    private let edPrivate: EdDSA.PrivateKey
    private let ecPrivate = ES256PrivateKey()
    private let reads = Reads()
    private let jwks: String

    /// How often the key set was read.
    private final class Reads: Sendable {
        let count = Mutex(0)
    }

    init() throws {
        edPrivate = try EdDSA.PrivateKey(curve: .ed25519)
        let point = try #require(ecPrivate.publicKey.parameters)
        func url(_ text: String) -> String {
            text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
        }
        let x = url(edPrivate.publicKey.rawRepresentation.base64EncodedString())
        jwks = """
            {"keys":[{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"\(x)","alg":"EdDSA"},
            {"kty":"EC","crv":"P-256","kid":"ec","x":"\(url(point.x))","y":"\(url(point.y))"},
            {"kty":"oct","kid":"secret","k":"c2VjcmV0"}]}
            """
    }

    private func verifier(
        now: Int64 = TokenTests.now, algorithms: Set<TokenConfiguration.Algorithm> = [.edDSA, .es256]
    ) -> TokenVerifier {
        let configuration = TokenConfiguration(
            issuer: "https://id.example", audience: "cutis", algorithms: algorithms,
            keys: .file(URL(fileURLWithPath: "/nowhere")))
        return TokenVerifier(configuration, now: { now }, logger: Logger(label: "test")) { [jwks, reads] in
            reads.count.withLock { $0 += 1 }
            return Data(jwks.utf8)
        }
    }

    private func token(_ change: (inout Claims) -> Void = { _ in }, kid: String = "ed") async throws -> String {
        var claims = Claims()
        change(&claims)
        let keys = JWTKeyCollection()
        if kid == "ec" {
            await keys.add(ecdsa: ecPrivate, kid: "ec")
        } else {
            await keys.add(eddsa: edPrivate, kid: JWKIdentifier(string: kid))
        }
        return try await keys.sign(claims, kid: JWKIdentifier(string: kid))
    }

    /// A token whose parts are given; the signature is made over them where `sign` makes one.
    private func crafted(_ header: String, _ payload: String, sign: (Data) -> Data = { _ in Data() }) -> String {
        func url(_ data: Data) -> String {
            data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        }
        let signed = "\(url(Data(header.utf8))).\(url(Data(payload.utf8)))"
        return "\(signed).\(url(sign(Data(signed.utf8))))"
    }

    private func refusal(_ token: String, _ verifier: TokenVerifier? = nil) async -> String? {
        do {
            _ = try await (verifier ?? self.verifier()).identity(of: token)
            return nil
        } catch let error as CutisError {
            return error.code == .unauthenticated ? error.message : "wrong code \(error.code)"
        } catch {
            return "another error: \(error)"
        }
    }

    @Test func genuineTokensNameTheirBearer() async throws {
        for kid in ["ed", "ec"] {
            let identity = try await verifier().identity(of: token(kid: kid))
            #expect(identity.subject == "alice")
            #expect(identity.role == .clinician)
            #expect(identity.clinic == "north")
        }
    }

    @Test func claimsThatDoNotFitAreRefused() async throws {
        let cases: [(String, (inout Claims) -> Void)] = [
            ("issuer", { $0.iss = "https://evil.example" }),
            ("audience", { $0.aud = ["other"] }),
            ("audience", { $0.aud = [] }),
            ("expired", { $0.exp = 1_799_999_939 }),
            ("expired", { $0.exp = nil }),
            ("not valid yet", { $0.nbf = 1_800_000_061 }),
            ("subject", { $0.sub = nil }),
            ("role", { $0.role = ["root"] }),
            ("wrong kind", { $0.exp = 1e300 }),
        ]
        for (word, change) in cases {
            let message = try await refusal(token(change))
            #expect(message?.contains(word) == true, "\(word): \(message ?? "accepted")")
        }
        // Clocks may differ by a minute.
        #expect(try await refusal(token { $0.exp = 1_799_999_941 }) == nil)
        #expect(try await refusal(token { $0.nbf = 1_800_000_059 }) == nil)
    }

    @Test func algorithmsAreThoseOfTheConfiguration() async throws {
        let payload = #"{"iss":"https://id.example","aud":"cutis","sub":"a","exp":1800000600,"role":"admin"}"#
        for algorithm in ["none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "RS256", "", "EdDSA "] {
            let message = await refusal(crafted("{\"alg\":\"\(algorithm)\",\"kid\":\"ed\"}", payload))
            #expect(message != nil && message?.contains("another error") == false, "\(algorithm)")
        }
        #expect(await refusal(crafted(#"{"kid":"ed"}"#, payload)) != nil)
        let ecOnly = verifier(algorithms: [.es256])
        #expect(try await refusal(token(), ecOnly)?.contains("algorithm") == true)
    }

    @Test func aPublicKeyIsNoSecret() async throws {
        // The HS/RS confusion: a HMAC with the provider's public key as its secret.
        let payload = #"{"iss":"https://id.example","aud":"cutis","sub":"a","exp":1800000600,"role":"admin"}"#
        let publicKey = edPrivate.publicKey.rawRepresentation
        for secret in [publicKey, Data("secret".utf8), Data(edPrivate.publicKey.pemRepresentation.utf8)] {
            for (algorithm, kid) in [
                ("HS256", "ed"), ("HS256", "secret"), ("EdDSA", "ed"), ("ES256", "ec"), ("EdDSA", "ec"),
                ("ES256", "ed"),
            ] {
                let forged = crafted("{\"alg\":\"\(algorithm)\",\"kid\":\"\(kid)\"}", payload) {
                    Data(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
                }
                #expect(await refusal(forged) != nil, "\(algorithm) \(kid)")
            }
        }
    }

    @Test func keysAreLookedUpInTheSetAlone() async throws {
        let payload = #"{"iss":"https://id.example","aud":"cutis","sub":"a","exp":1800000600,"role":"admin"}"#
        let own = try EdDSA.PrivateKey(curve: .ed25519)
        let x = own.publicKey.rawRepresentation.base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: own.rawRepresentation)
        let headers = [
            #"{"alg":"EdDSA","kid":"../../../../dev/null"}"#, #"{"alg":"EdDSA","kid":"ed' OR '1'='1"}"#,
            #"{"alg":"EdDSA","kid":"https://evil.example/jwks"}"#, #"{"alg":"EdDSA","kid":["ed"]}"#,
            #"{"alg":"EdDSA","jku":"https://evil.example/jwks"}"#, #"{"alg":"EdDSA","x5u":"https://evil.example/c"}"#,
            "{\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(x)\"}}",
            #"{"alg":"EdDSA","kid":"ed","crit":["b64"],"b64":false}"#, #"{"alg":"EdDSA","n":1e400}"#,
            #"{"alg":"EdDSA","kid":"ed","alg":"none"}"#,
        ]
        for header in headers {
            let forged = crafted(header, payload) { (try? key.signature(for: $0)) ?? Data() }
            let message = await refusal(forged)
            #expect(
                message != nil && message?.contains("another error") == false, "\(header): \(message ?? "accepted")")
        }
    }

    @Test func damagedTokensAreRefused() async throws {
        let good = try await token()
        let parts = good.split(separator: ".").map(String.init)
        var changed = Array(parts[2])
        changed[10] = changed[10] == "A" ? "B" : "A"
        let tokens = [
            "", ".", "..", "...", "a.b", "a.b.c.d", "\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).",
            "\(parts[0]).\(parts[1]).\(String(changed))", ".\(parts[1]).\(parts[2])", "\(parts[0])..\(parts[2])",
            "!!!.\(parts[1]).\(parts[2])", "\(parts[0])=.\(parts[1]).\(parts[2])",
            "\(parts[0]).\(parts[1]) .\(parts[2])", "\(parts[1]).\(parts[0]).\(parts[2])",
            String(repeating: "a", count: 9000) + ".b.c", good + String(repeating: "A", count: 9000),
        ]
        for token in tokens {
            let message = await refusal(token)
            #expect(message != nil && message?.contains("another error") == false, "\(token.prefix(40))")
        }
    }

    @Test func unknownKeysAreAskedForOncePerMinute() async throws {
        let verifier = verifier()
        _ = try await verifier.identity(of: token())
        #expect(reads.count.withLock { $0 } == 1)
        for _ in 0..<20 { _ = await refusal(try await token(kid: "gone"), verifier) }
        #expect(reads.count.withLock { $0 } == 1)
    }

    @Test func theServerTakesTokensBesideKeys() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("jwks-\(UUID().uuidString).json")
        try Data(jwks.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let server = try await TestServer {
            $0.tokens = TokenConfiguration(
                issuer: "https://id.example", audience: "cutis", algorithms: [.edDSA], keys: .file(file))
        }
        let good = try await token { $0.exp = Date().timeIntervalSince1970 + 600 }
        let stale = try await token { $0.exp = Date().timeIntervalSince1970 - 600 }
        try await server.test { client in
            let me = try await client.send(.get, "/api/v1/accounts/me", key: good)
            #expect(me.status == 200 && me["role"] as? String == "clinician")
            #expect((me["clinic"] as? [String: Any])?["name"] as? String == "north")
            let late = try await client.send(.get, "/api/v1/accounts/me", key: stale)
            #expect(late.status == 401 && late.code == "unauthenticated")
            #expect(try await client.send(.get, "/api/v1/accounts/me", key: server.adminKey).status == 200)
        }
    }
}
