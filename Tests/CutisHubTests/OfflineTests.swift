import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct OfflineTests {
    @Test func makesNoConnectionWhenCached() async throws {
        try await withHub { hub in
            let folder = try await hub.client().snapshot(repo: StubHub.repo)
            let connections = hub.server.connections
            for variables in [["HF_HUB_OFFLINE": "1"], ["HF_HUB_OFFLINE": "true"], ["TRANSFORMERS_OFFLINE": "YES"]] {
                let client = hub.client(variables)
                #expect(try await client.snapshot(repo: StubHub.repo) == folder)
                #expect(try await client.snapshot(repo: StubHub.repo, revision: StubHub.commit) == folder)
            }
            #expect(try await hub.client().snapshot(repo: StubHub.repo, localFilesOnly: true) == folder)
            #expect(hub.server.connections == connections)
        }
    }

    @Test func makesNoConnectionWhenNotCached() async throws {
        try await withHub { hub in
            let error = try #require(await failure(of: hub, ["HF_HUB_OFFLINE": "1"]))
            #expect(error.code == .notCached)
            #expect(error.message.contains("acme/skin-model") && error.message.contains(hub.root.path))
            #expect(hub.server.connections == 0)
        }
    }

    @Test func namesTheFilesThatAreMissing() async throws {
        try await withHub { hub in
            _ = try await hub.client().snapshot(repo: StubHub.repo, include: .matching(["config.json"]))
            let error = try #require(await failure(of: hub, ["HF_HUB_OFFLINE": "1"]))
            #expect(error.code == .notCached)
            #expect(error.message.contains("without model.safetensors, nested/deeper/labels.json"))
        }
    }

    /// A cache as versions of huggingface_hub before 2 leave it: no listing.
    @Test func readsACacheWithoutListing() async throws {
        try await withHub { hub in
            let manager = FileManager.default
            let snapshot = hub.cached("snapshots/\(StubHub.commit)")
            for folder in ["blobs", "refs", "snapshots/\(StubHub.commit)"] {
                try manager.createDirectory(atPath: hub.cached(folder), withIntermediateDirectories: true)
            }
            try Data("{}".utf8).write(to: URL(fileURLWithPath: hub.cached("blobs/abc")))
            try manager.createSymbolicLink(atPath: snapshot + "/config.json", withDestinationPath: "../../blobs/abc")
            try manager.createSymbolicLink(atPath: snapshot + "/lost.json", withDestinationPath: "../../blobs/def")
            try Data(StubHub.commit.utf8).write(to: URL(fileURLWithPath: hub.cached("refs/main")))

            let cache = HubCache(environment: hub.environment())
            #expect(cache.resolve(repo: StubHub.repo)?.path == snapshot)
            #expect(cache.file("config.json", repo: StubHub.repo)?.path == snapshot + "/config.json")
            #expect(cache.file("lost.json", repo: StubHub.repo) == nil)
            #expect(cache.resolve(repo: StubHub.repo, revision: "other") == nil)
            let client = hub.client(["HF_HUB_OFFLINE": "1"])
            #expect(try await client.snapshot(repo: StubHub.repo).path == snapshot)
            let missing = try #require(
                await failure(of: hub, ["HF_HUB_OFFLINE": "1"], include: .matching(["config.json", "lost.json"])))
            #expect(missing.code == .notCached && missing.message.contains("without lost.json"))
            // A commit and a file by its name: nothing needs to be asked.
            _ = try await hub.client().snapshot(
                repo: StubHub.repo, revision: StubHub.commit, include: .matching(["config.json"]))
            #expect(hub.server.connections == 0)
        }
    }

    @Test func usesACacheWithoutListingWhereTheHubIsDown() async throws {
        try await withHub(interfering: { _, _ in .status(502) }) { hub in
            let snapshot = hub.cached("snapshots/\(StubHub.commit)")
            for folder in [snapshot, hub.cached("refs")] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try Data("{}".utf8).write(to: URL(fileURLWithPath: snapshot + "/config.json"))
            try Data(StubHub.commit.utf8).write(to: URL(fileURLWithPath: hub.cached("refs/main")))
            let warnings = Collector<String>()
            let folder = try await hub.client(warn: { warnings.add($0) }).snapshot(repo: StubHub.repo)
            #expect(folder.path == snapshot && warnings.values.count == 1)
            #expect(await failure(of: hub, include: .matching(["other.json"]))?.code == .networkFailed)
        }
    }

    @Test(arguments: ["", "not a commit", "../../../../etc", "0123456789abcdef"])
    func doesNotFollowAMangledReference(_ text: String) async throws {
        try await withHub { hub in
            try FileManager.default.createDirectory(atPath: hub.cached("refs"), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: hub.cached("refs/main")))
            #expect(HubCache(root: hub.root).resolve(repo: StubHub.repo) == nil)
        }
    }

    @Test func readsACacheThatMayNotBeWritten() async throws {
        try await withHub { hub in
            let folder = try await hub.client().snapshot(repo: StubHub.repo)
            try FileManager.default.removeItem(atPath: hub.cached("refs/main"))
            try FileManager.default.removeItem(atPath: hub.cached("refs"))
            // A file where the folder should be stands for a folder without permission, also for the superuser.
            try Data().write(to: URL(fileURLWithPath: hub.cached("refs")))
            #expect(try await hub.client().snapshot(repo: StubHub.repo) == folder)
        }
    }
}
