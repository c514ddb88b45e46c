import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct PullTests {
    @Test func fillsTheCacheAsHuggingFaceHubDoes() async throws {
        try await withHub { hub in
            let reports = Collector<PullProgress>()
            let folder = try await hub.client().snapshot(repo: StubHub.repo, include: .all) { reports.add($0) }
            #expect(folder.path == hub.cached("snapshots/\(StubHub.commit)"))
            let manager = FileManager.default
            for file in hub.files {
                let depth = file.path.split(separator: "/").count - 1
                let link = hub.cached("snapshots/\(StubHub.commit)/\(file.path)")
                let target = try manager.destinationOfSymbolicLink(atPath: link)
                #expect(target == String(repeating: "../", count: depth + 2) + "blobs/\(file.tag)")
                #expect(manager.contents(atPath: link) == Data(file.content))
            }
            #expect(try String(contentsOfFile: hub.cached("refs/main"), encoding: .utf8) == StubHub.commit)
            let blobs = try manager.contentsOfDirectory(atPath: hub.cached("blobs"))
            #expect(Set(blobs) == Set(hub.files.map(\.tag)))
            #expect(manager.fileExists(atPath: hub.root.appendingPathComponent("CACHEDIR.TAG").path))
            let tree = try #require(manager.contents(atPath: hub.cached("trees/\(StubHub.commit).json")))
            let entries = try #require(try JSONSerialization.jsonObject(with: tree) as? [String: Any])
            #expect(entries["format_version"] as? Int == 1)
            #expect((entries["files"] as? [String: Any])?.count == 3)
            let last = try #require(reports.values.last)
            #expect(last.bytes == last.total && last.total == hub.files.map(\.content.count).reduce(0, +))
            #expect(HubCache(root: hub.root).resolve(repo: StubHub.repo)?.path == folder.path)
            #expect(HubCache(root: hub.root).file("config.json", repo: StubHub.repo) != nil)
            #expect(HubCache(root: hub.root).file("../../refs/main", repo: StubHub.repo) == nil)
        }
    }

    @Test func asksOnceForABranchAndNeverForACommitThatIsCached() async throws {
        try await withHub { hub in
            _ = try await hub.client().snapshot(repo: StubHub.repo)
            let first = hub.server.requests.count
            _ = try await hub.client().snapshot(repo: StubHub.repo)
            #expect(hub.server.requests.count == first + 1)
            let connections = hub.server.connections
            _ = try await hub.client().snapshot(repo: StubHub.repo, revision: StubHub.commit)
            #expect(hub.server.connections == connections)
        }
    }

    @Test func followsABranchThatMoved() async throws {
        let moved = "fedcba9876543210fedcba9876543210fedcba98"
        let pulls = Counter()
        try await withHub(interfering: { request, hub in
            if request.path.hasPrefix("/api"), pulls.next() > 1 { return .status(200, [], hub.listing(commit: moved)) }
            guard request.path.contains(moved) else { return nil }
            var reply = hub.content(hub.file(String(request.path.split(separator: "/").last ?? "")), request)
            reply.headers[0] = ("X-Repo-Commit", moved)
            return reply
        }) { hub in
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: .matching(["config.json"]))
            let gets = hub.server.count("GET", "config.json")
            let folder = try await hub.client().snapshot(repo: StubHub.repo, include: .matching(["config.json"]))
            #expect(folder.lastPathComponent == moved)
            // The content is the same, so only a link was made.
            #expect(hub.server.count("GET", "config.json") == gets)
            #expect(try String(contentsOfFile: hub.cached("refs/main"), encoding: .utf8) == moved)
        }
    }

    @Test func fetchesWhatThePatternsChoose() async throws {
        try await withHub { hub in
            let folder = try await hub.client().snapshot(repo: StubHub.repo, include: .matching(["*.json"]))
            let manager = FileManager.default
            #expect(manager.fileExists(atPath: folder.appendingPathComponent("nested/deeper/labels.json").path))
            #expect(!manager.fileExists(atPath: folder.appendingPathComponent("model.safetensors").path))
            #expect(hub.server.count("GET", "model.safetensors") == 0)
            #expect(await failure(of: hub, include: .matching(["*.onnx"]))?.code == .fileNotFound)
        }
    }

    @Test func sharesOneBlobBetweenEqualFiles() async throws {
        let files = ["a.bin", "b.bin", "c/d.bin"].map { StubHub.File(path: $0, content: [1, 2, 3], isLarge: true) }
        try await withHub(files) { hub in
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: .all)
            #expect(hub.server.count("GET", ".bin") == 1)
            for file in files {
                #expect(HubCache(root: hub.root).file(file.path, repo: StubHub.repo) != nil)
            }
        }
    }

    @Test func pullsEmptyFilesAndUnusualNames() async throws {
        let files = [
            StubHub.File(path: "empty.txt", content: []),
            StubHub.File(path: "ünï cødé #1 100%?.json", content: Array("{}".utf8)),
        ]
        try await withHub(files) { hub in
            let folder = try await hub.client().snapshot(repo: StubHub.repo, include: .all)
            for file in files {
                let found = FileManager.default.contents(atPath: folder.appendingPathComponent(file.path).path)
                #expect(found == Data(file.content))
            }
        }
    }

    @Test func twoPullsAtOnceFetchEachFileOnce() async throws {
        try await withHub { hub in
            let client = hub.client()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { _ = try await client.snapshot(repo: StubHub.repo, include: .all) }
                }
                try await group.waitForAll()
            }
            for file in hub.files {
                #expect(hub.server.count("GET", file.path) == 1)
                let link = hub.cached("snapshots/\(StubHub.commit)/\(file.path)")
                #expect(FileManager.default.contents(atPath: link) == Data(file.content))
            }
        }
    }
}
