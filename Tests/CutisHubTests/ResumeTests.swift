import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct ResumeTests {
    private static let weights = FileSelection.matching(["model.safetensors"])

    private func weights(in hub: StubHub) -> Data? {
        FileManager.default.contents(atPath: hub.cached("snapshots/\(StubHub.commit)/model.safetensors"))
    }

    private func leave(_ bytes: some Sequence<UInt8>, in hub: StubHub) throws {
        try FileManager.default.createDirectory(atPath: hub.cached("blobs"), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: partial(hub)))
    }

    private func partial(_ hub: StubHub) -> String {
        hub.cached("blobs/\(hub.file("model.safetensors").tag).incomplete")
    }

    @Test func goesOnAfterABrokenConnection() async throws {
        let gets = Counter()
        try await withHub(interfering: { request, hub in
            guard request.method == "GET", request.path.hasSuffix("safetensors"), gets.next() < 3 else { return nil }
            var reply = hub.reply(to: request)
            reply.breakAfter = 70_000
            reply.declaredLength = reply.body.count
            return reply
        }) { hub in
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
            let ranges = hub.server.requests.filter { $0.method == "GET" }.compactMap { $0.header("Range") }
            #expect(ranges.count == 2 && !ranges.contains("bytes=0-"))
        }
    }

    @Test func keepsWhatArrivedAndGoesOnInTheNextRun() async throws {
        let isBroken = Counter()
        try await withHub(interfering: { request, hub in
            guard request.method == "GET", request.path.hasSuffix("safetensors"), isBroken.next() <= 4 else {
                return nil
            }
            if request.header("Range") != nil { return .status(503) }
            var reply = hub.reply(to: request)
            reply.declaredLength = reply.body.count
            reply.breakAfter = 50_000
            return reply
        }) { hub in
            let error = await failure(of: hub, include: Self.weights)
            #expect(error?.code == .networkFailed)
            let kept = try #require(FileManager.default.contents(atPath: partial(hub))?.count)
            #expect(kept > 0)
            #expect(HubCache(root: hub.root).resolve(repo: StubHub.repo) == nil)
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
            #expect(!FileManager.default.fileExists(atPath: partial(hub)))
            #expect(hub.server.requests.last?.header("Range") == "bytes=\(kept)-")
        }
    }

    @Test func startsAnewWhereTheServerIgnoresRanges() async throws {
        try await withHub(interfering: { request, hub in
            guard request.method == "GET", request.path.hasSuffix("safetensors") else { return nil }
            var reply = StubServer.Reply(body: hub.file("model.safetensors").content)
            reply.isChunked = true
            return reply
        }) { hub in
            try leave(hub.file("model.safetensors").content.prefix(1000), in: hub)
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
            #expect(hub.server.requests.last?.header("Range") == "bytes=1000-")
        }
    }

    @Test func startsAnewWhereThePartDoesNotFit() async throws {
        let gets = Counter()
        try await withHub(interfering: { request, hub in
            guard request.header("Range") != nil, gets.next() == 1 else { return nil }
            return .status(416)
        }) { hub in
            try leave(hub.file("model.safetensors").content.prefix(1000), in: hub)
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
        }
    }

    @Test(arguments: [1000, 200_000, 300_000]) func discardsAnEarlierPartOfSomethingElse(_ count: Int) async throws {
        try await withHub { hub in
            try leave(repeatElement(7, count: count), in: hub)
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
        }
    }

    @Test func usesACompletePartWithoutFetching() async throws {
        try await withHub { hub in
            try leave(hub.file("model.safetensors").content, in: hub)
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
            #expect(hub.server.count("GET", "safetensors") == 0)
        }
    }

    @Test(arguments: ["model.safetensors", "config.json"])
    func removesContentThatDoesNotHaveTheHash(_ path: String) async throws {
        try await withHub(interfering: { request, hub in
            guard request.method == "GET", request.path.hasSuffix(path) else { return nil }
            var reply = hub.reply(to: request)
            reply.body[5] ^= 1
            return reply
        }) { hub in
            let error = try #require(await failure(of: hub, include: .matching([path])))
            #expect(error.code == .networkFailed)
            #expect(error.message.contains(path) && error.message.contains(hub.file(path).tag))
            #expect(try FileManager.default.contentsOfDirectory(atPath: hub.cached("blobs")).isEmpty)
            #expect(HubCache(root: hub.root).resolve(repo: StubHub.repo) == nil)
        }
    }

    @Test func replacesABlobOfTheWrongSize() async throws {
        try await withHub { hub in
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            try Data([1]).write(to: URL(fileURLWithPath: hub.cached("blobs/\(hub.file("model.safetensors").tag)")))
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
        }
    }

    @Test(.timeLimit(.minutes(5))) func cancellingKeepsWhatArrived() async throws {
        try await withHub(interfering: { request, hub in
            guard request.method == "GET", request.path.hasSuffix("safetensors"), request.header("Range") == nil else {
                return nil
            }
            var reply = hub.reply(to: request)
            reply.declaredLength = reply.body.count
            reply.stallAfter = 60_000
            return reply
        }) { hub in
            let client = hub.client()
            let pull = Task {
                try await client.snapshot(repo: StubHub.repo, include: Self.weights)
            }
            while (FileManager.default.contents(atPath: partial(hub))?.count ?? 0) < 60_000 {
                try await Task.sleep(for: .milliseconds(5))
            }
            pull.cancel()
            let result = await pull.result
            #expect(throws: HubErrorCode(.cancelled)) { try HubErrorCode.of { _ = try result.get() } }
            #expect(FileManager.default.contents(atPath: partial(hub))?.count == 60_000)
            _ = try await client.snapshot(repo: StubHub.repo, include: Self.weights)
            #expect(weights(in: hub) == Data(hub.file("model.safetensors").content))
            #expect(hub.server.requests.last?.header("Range") == "bytes=60000-")
        }
    }
}

/// The code of an error, to compare with.
struct HubErrorCode: Error, Equatable {
    let code: ErrorCode

    init(_ code: ErrorCode) {
        self.code = code
    }

    /// Runs `body` and throws just the code of its error.
    static func of(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as CutisError {
            throw HubErrorCode(error.code)
        }
    }
}
