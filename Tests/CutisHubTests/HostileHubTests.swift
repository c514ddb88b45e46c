import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct HostileHubTests {
    @Test(arguments: [
        "../outside", "a/../../b", "/etc/passwd", "a//b", "./a", "a/.", "..", "", "a/", "a\\\\b", "a\\u0000b",
        "a\\u001bb",
    ])
    func refusesNamesThatLeaveTheSnapshot(_ name: String) async throws {
        let listing = #"{"sha": "\#(StubHub.commit)", "siblings": [{"rfilename": "\#(name)"}]}"#
        try await withHub(interfering: { _, _ in .status(200, [], listing) }) { hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .checkpointUnsafe)
            #expect(!error.message.unicodeScalars.contains { $0.value < 32 })
            #expect(!FileManager.default.fileExists(atPath: hub.root.path))
            #expect(hub.server.requests.count == 1)
        }
    }

    @Test(arguments: [["a", "a/b"], ["x/y/z", "x/y"], ["same", "same"]])
    func refusesNamesThatCollide(_ names: [String]) async throws {
        let siblings = names.map { #"{"rfilename": "\#($0)"}"# }.joined(separator: ",")
        let listing = #"{"sha": "\#(StubHub.commit)", "siblings": [\#(siblings)]}"#
        try await withHub(interfering: { _, _ in .status(200, [], listing) }) { hub in
            #expect(await failure(of: hub)?.code == .checkpointUnsafe)
        }
    }

    @Test(arguments: ["<html>Sign in</html>", "{}", #"{"sha": "../../x", "siblings": []}"#, #"{"sha": 5}"#, "[[[[", ""])
    func refusesAnswersThatAreNone(_ body: String) async throws {
        try await withHub(interfering: { _, _ in .status(200, [], body) }) { hub in
            #expect(await failure(of: hub)?.code == .networkFailed)
        }
    }

    @Test func refusesAnEndlessListing() async throws {
        let body = [UInt8](repeating: 0x20, count: (16 << 20) + 1)
        try await withHub(interfering: { _, _ in .init(body: body) }) { hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .networkFailed && error.message.contains("larger than"))
            #expect(hub.server.requests.count == 1)
        }
    }

    @Test(arguments: [
        ("9000000000000000000", ErrorCode.noSpaceLeft), ("99999999999999999999999", .networkFailed),
        ("-1", .networkFailed),
        ("1", .networkFailed), ("many", .networkFailed),
    ])
    func refusesSizesBeforeFetching(_ size: String, _ code: ErrorCode) async throws {
        let isHuge = size.count == 19
        try await withHub(interfering: { request, hub in
            if request.path.hasPrefix("/api"), isHuge {
                return .status(
                    200, [], #"{"sha": "\#(StubHub.commit)", "siblings": [{"rfilename": "model.safetensors"}]}"#)
            }
            guard request.path.hasSuffix("safetensors") else { return nil }
            var reply = hub.reply(to: request)
            reply.headers.removeAll { $0.0 == "X-Linked-Size" }
            reply.headers.append(("X-Linked-Size", size))
            return reply
        }) { hub in
            #expect(await failure(of: hub)?.code == code)
            #expect(hub.server.count("GET", "safetensors") == 0)
        }
    }

    @Test(arguments: [true, false]) func stopsAtMoreBytesThanDeclared(_ isChunked: Bool) async throws {
        try await withHub(interfering: { request, hub in
            guard request.method == "GET", request.path.hasSuffix("safetensors") else { return nil }
            var reply = hub.reply(to: request)
            reply.body += [UInt8](repeating: 0, count: 1000)
            reply.isChunked = isChunked
            return reply
        }) { hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .networkFailed && error.message.contains("bytes than it declared"))
            #expect(HubCache(root: hub.root).file("model.safetensors", repo: StubHub.repo) == nil)
        }
    }

    @Test(arguments: ["../../x", "a/b", "\"\"", "x.incomplete", ".hidden", String(repeating: "a", count: 200)])
    func refusesTagsThatAreNoFileNames(_ tag: String) async throws {
        try await withHub(interfering: { request, hub in
            guard request.path.hasSuffix("config.json") else { return nil }
            var reply = hub.reply(to: request)
            reply.headers = [("X-Repo-Commit", StubHub.commit), ("ETag", tag)]
            return reply
        }) { hub in
            #expect(await failure(of: hub)?.code == .checkpointUnsafe)
        }
    }

    @Test func refusesAnAnswerWithoutTheCommit() async throws {
        try await withHub(interfering: { request, _ in
            request.method == "HEAD" ? .status(200, [("ETag", "\"abc\"")]) : nil
        }) { hub in
            let error = try #require(await failure(of: hub))
            #expect(error.code == .networkFailed && error.message.contains("does not answer as a hub does"))
        }
    }

    @Test func refusesAnotherCommitThanAskedFor() async throws {
        let wanted = "fedcba9876543210fedcba9876543210fedcba98"
        try await withHub(interfering: { _, hub in .status(200, [], hub.listing()) }) { hub in
            #expect(await failure(of: hub, revision: wanted)?.code == .networkFailed)
            #expect(!FileManager.default.fileExists(atPath: hub.root.path))
        }
    }

    @Test(arguments: ["/loop", "file:///etc/passwd", "ftp://127.0.0.1/x", "http://", ""])
    func refusesRedirectsThatLeadNowhere(_ location: String) async throws {
        try await withHub(interfering: { _, _ in .status(302, [("Location", location)]) }) { hub in
            #expect(await failure(of: hub)?.code == .networkFailed)
            #expect(hub.server.requests.count <= 10)
        }
    }

    @Test func doesNotWriteThroughPlantedLinks() async throws {
        try await withHub { hub in
            let victim = hub.root.appendingPathComponent("victim")
            try FileManager.default.createDirectory(atPath: hub.cached("blobs"), withIntermediateDirectories: true)
            try Data("precious".utf8).write(to: victim)
            try FileManager.default.createSymbolicLink(
                atPath: hub.cached("blobs/\(hub.file("config.json").tag).incomplete"), withDestinationPath: victim.path)
            #expect(await failure(of: hub)?.code == .outputUnwritable)
            #expect(try String(contentsOf: victim, encoding: .utf8) == "precious")
        }
    }
}
