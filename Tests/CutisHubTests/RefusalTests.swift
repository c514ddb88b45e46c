import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct RefusalTests {
    @Test func gatedModelSaysHowToGetIt() async throws {
        try await withHub(interfering: { request, _ in
            request.method == "HEAD" ? .status(403, [("X-Error-Code", "GatedRepo")]) : nil
        }) { hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .accessDenied)
            #expect(error.message.contains("acme/skin-model is gated"))
            #expect(error.remedy.contains("\(hub.server.address)/acme/skin-model") && error.remedy.contains("HF_TOKEN"))
            let other = try #require(await failure(of: hub, ["HF_TOKEN": "hf_secret"]))
            #expect(other.remedy.contains("the account of your token"))
            #expect(hub.server.requests.count(where: { $0.method == "HEAD" }) <= 6)
        }
    }

    @Test(arguments: [
        (401, "", nil as String?, ErrorCode.accessDenied, "without a token"),
        (401, "", "hf_secret", .accessDenied, "does not accept the access token"),
        (401, "RepoNotFound", nil, .accessDenied, "private or does not exist"),
        (403, "", nil, .accessDenied, "does not give"),
        (404, "RepoNotFound", nil, .fileNotFound, "no repository acme/skin-model"),
        (404, "RevisionNotFound", nil, .fileNotFound, "no revision main"),
        (404, "", nil, .fileNotFound, "no repository acme/skin-model (or no revision main)"),
        (400, "", nil, .networkFailed, "status 400"),
    ])
    func listingRefused(_ status: Int, _ code: String, _ token: String?, _ expected: ErrorCode, _ text: String)
        async throws
    {
        try await withHub(interfering: { _, _ in .status(status, code.isEmpty ? [] : [("X-Error-Code", code)]) }) {
            hub in
            let error = try #require(await failure(of: hub, token.map { ["HF_TOKEN": $0] } ?? [:]))
            #expect(error.code == expected)
            #expect(error.message.contains(text), "\(error)")
            #expect(hub.server.requests.count == 1)
        }
    }

    @Test func missingFileIsNamed() async throws {
        try await withHub(interfering: { request, _ in
            request.path.hasSuffix("config.json") ? .status(404, [("X-Error-Code", "EntryNotFound")]) : nil
        }) { hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .fileNotFound)
            #expect(error.message == "acme/skin-model has no file config.json at main.")
        }
    }

    @Test(arguments: [429, 500, 502, 503, 504]) func passingTroubleIsWaitedOut(_ status: Int) async throws {
        let requests = Counter()
        try await withHub(interfering: { _, _ in
            requests.next() % 2 == 1 ? .status(status, [("Retry-After", "0")]) : nil
        }) { hub in
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: .matching(["config.json"]))
            #expect(HubCache(root: hub.root).file("config.json", repo: StubHub.repo) != nil)
        }
    }

    @Test func lastingTroubleEnds() async throws {
        try await withHub(interfering: { _, _ in .status(503, [("X-Error-Message", "down for \u{202E}repair")]) }) {
            hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .networkFailed)
            #expect(error.message.contains("status 503") && error.message.contains("down for ?repair"))
            #expect(hub.server.requests.count == 4)
        }
    }

    @Test(arguments: [("Retry-After", "86400"), ("RateLimit", #""api";r=0;t=86400"#)])
    func doesNotWaitForHours(_ name: String, _ value: String) async throws {
        try await withHub(interfering: { _, _ in .status(429, [(name, value)]) }) { hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .networkFailed)
            #expect(error.message.contains("86400 s"))
            #expect(hub.server.requests.count == 1)
        }
    }

    @Test func unreachableHubIsNamed() async throws {
        try await withHub { hub in
            await hub.server.stop()
            let error = try #require(await failure(of: hub))
            #expect(error.code == .networkFailed)
            #expect(error.message.contains("127.0.0.1"))
        }
    }

    @Test func fallsBackToTheCacheWithAWarning() async throws {
        try await withHub { hub in
            let folder = try await hub.client().snapshot(repo: StubHub.repo)
            await hub.server.stop()
            let warnings = Collector<String>()
            let again = try await hub.client(warn: { warnings.add($0) }).snapshot(repo: StubHub.repo)
            #expect(again == folder)
            #expect(warnings.values.count == 1 && warnings.values[0].contains(StubHub.commit))
        }
    }
}
