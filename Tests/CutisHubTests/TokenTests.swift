import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct TokenTests {
    private static let secret = "hf_aVerySecretToken"

    @Test func staysWithTheHubWhenItRedirects() async throws {
        let storage = try await StubServer { request in
            let content = StubHub.files[1].content
            guard let range = request.header("Range") else { return .init(body: content) }
            let start = Int(range.dropFirst(6).dropLast()) ?? 0
            return .init(
                status: 206, headers: [("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)")],
                body: Array(content[start...]))
        }
        let elsewhere = "http://localhost:\(storage.port)/bucket/object?signature=xyz"
        try await withHub(interfering: { request, hub in
            guard request.path.hasSuffix("safetensors") else { return nil }
            var reply = hub.content(hub.file("model.safetensors"), request)
            reply.status = 302
            reply.headers.append(("Location", elsewhere))
            reply.body = Array("Found".utf8)
            return reply
        }) { hub in
            _ = try await hub.client(["HF_TOKEN": Self.secret]).snapshot(repo: StubHub.repo, include: .all)
            #expect(hub.server.requests.allSatisfy { $0.header("Authorization") == "Bearer \(Self.secret)" })
            #expect(storage.requests.map(\.method) == ["GET"])
            #expect(storage.requests.allSatisfy { $0.header("Authorization") == nil })
        }
        await storage.stop()
    }

    @Test func followsRedirectsWithinTheHub() async throws {
        try await withHub(interfering: { request, hub in
            if request.path.hasPrefix("/api/resolve-cache/") { return hub.content(hub.file("config.json"), request) }
            guard request.path.hasSuffix("config.json") else { return nil }
            return .status(307, [("Location", "/api/resolve-cache/config.json")], "Temporary Redirect")
        }) { hub in
            _ = try await hub.client(["HF_TOKEN": Self.secret]).snapshot(repo: StubHub.repo, include: .all)
            #expect(hub.server.requests.allSatisfy { $0.header("Authorization") != nil })
            #expect(HubCache(root: hub.root).file("config.json", repo: StubHub.repo) != nil)
        }
    }

    @Test func appearsInNoMessage() async throws {
        try await withHub(interfering: { _, _ in
            .status(403, [("X-Error-Message", "token \(Self.secret) may not read this")])
        }) { hub in
            let error = try #require(await failure(of: hub, ["HF_TOKEN": Self.secret]))
            #expect(!error.description.contains(Self.secret))
            #expect(error.message.contains("may not read this"))
        }
        let token = try #require(try AccessToken(Self.secret, from: "HF_TOKEN"))
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!"\(token) \(String(reflecting: token)) \(dumped)".contains(Self.secret))
    }

    @Test func comesFromTheEnvironmentOrAFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-token-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("hf_home\n".utf8).write(to: folder.appendingPathComponent("token"))
        try Data("hf_path\n".utf8).write(to: folder.appendingPathComponent("other"))
        func sent(_ more: [String: String]) async throws -> String? {
            var seen: String?
            try await withHub { hub in
                let home = ["HF_HOME": folder.path].merging(more) { $1 }
                _ = try await hub.client(home).snapshot(repo: StubHub.repo, include: .all)
                seen = hub.server.requests.first?.header("Authorization")
            }
            return seen
        }
        #expect(try await sent([:]) == "Bearer hf_home")
        #expect(try await sent(["HF_TOKEN_PATH": folder.appendingPathComponent("other").path]) == "Bearer hf_path")
        #expect(try await sent(["HF_TOKEN": " hf_variable\n"]) == "Bearer hf_variable")
        #expect(try await sent(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) == nil)
    }

    @Test(arguments: ["a\r\nX-Injected: 1", "zwei Wörter", String(repeating: "x", count: 5000)])
    func cannotCarryOtherHeaders(_ token: String) async throws {
        try await withHub { hub in
            let error = try #require(await failure(of: hub, ["HF_TOKEN": token]))
            #expect(error.code == .invalidArguments)
            #expect(!error.description.contains(token))
            #expect(hub.server.connections == 0)
        }
    }

    @Test func isNotSentUnencryptedToAnotherMachine() async throws {
        let warnings = Collector<String>()
        let environment = [
            "HF_ENDPOINT": "http://hub.invalid", "HF_TOKEN": Self.secret, "HF_HUB_CACHE": "/nonexistent",
            "HF_HUB_ETAG_TIMEOUT": "1",
        ]
        let client = HubClient(environment: environment, retry: RetryPolicy(attempts: 1)) { warnings.add($0) }
        await #expect(throws: CutisError.self) { try await client.snapshot(repo: StubHub.repo) }
        #expect(warnings.values == ["The access token is not sent, because http://hub.invalid is not encrypted."])
    }
}
