import CutisCore
import CutisStorage
import Foundation
import SmallDisk
import Testing

/// What only the store of files has to keep to.
@Suite struct FileBlobStoreTests {
    private static func everything(below folder: URL) -> [String] {
        (FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []).sorted()
    }

    @Test func filesAreTheOwnersAlone() async throws {
        try await withTemporaryFolder { folder in
            let root = folder.appendingPathComponent("blobs")
            let store = try FileBlobStore(root)
            try await store.put("images/a/b", Data([1]))
            for (path, mode) in [("", 0o700), ("images", 0o700), ("images/a", 0o700), ("images/a/b", 0o600)] {
                let place = root.appendingPathComponent(path).path
                let attributes = try FileManager.default.attributesOfItem(atPath: place)
                #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
            }
            #expect(Self.everything(below: root) == [".incoming", "images", "images/a", "images/a/b"])
            try await store.delete("images/a/b")
            // The folders were named after a case: they go with it.
            #expect(Self.everything(below: root) == [".incoming"])
        }
    }

    @Test func whatACrashLeftIsRemovedLater() async throws {
        try await withTemporaryFolder { root in
            _ = try FileBlobStore(root)
            let (old, new) = (
                root.appendingPathComponent(".incoming/old"), root.appendingPathComponent(".incoming/new")
            )
            for url in [old, new] { try Data([1]).write(to: url) }
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -7200)], ofItemAtPath: old.path)
            let store = try FileBlobStore(root)
            #expect(Self.everything(below: root) == [".incoming", ".incoming/new"])
            #expect(try await store.keys(prefix: "").isEmpty)
        }
    }

    @Test func aLinkIsNotABlob() async throws {
        try await withTemporaryFolder { folder in
            let root = folder.appendingPathComponent("blobs")
            let store = try FileBlobStore(root)
            try Data("secret".utf8).write(to: folder.appendingPathComponent("secret"))
            try FileManager.default.createSymbolicLink(
                atPath: root.appendingPathComponent("x").path, withDestinationPath: "../secret")
            let reading = await code { _ = try await store.get("x") }
            #expect(reading == .storageUnavailable)
            #expect(try await store.keys(prefix: "").isEmpty)
            let writing = await code { try await store.put("x", Data("secret".utf8)) }
            #expect(writing == .storageUnavailable)
        }
    }

    @Test func aPlaceThatCannotHoldBlobsIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data([1]).write(to: file)
            await expect(.outputUnwritable) { _ = try FileBlobStore(file) }
            await expect(.outputUnwritable) { _ = try FileBlobStore(file.appendingPathComponent("blobs")) }
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "no file system may be mounted here"))
    func aFullDiskLeavesNothingHalf() async throws {
        try await SmallDisk.with { folder in
            let store = try FileBlobStore(folder.appendingPathComponent("blobs"))
            let data = Data(repeating: 5, count: 200_000)
            var kept: [String] = []
            var refusal: ErrorCode?
            while refusal == nil, kept.count < 20 {
                let key = "images/\(kept.count)"
                refusal = await code { try await store.put(key, data) }
                if refusal == nil { kept.append(key) }
            }
            #expect(refusal == .noSpaceLeft)
            #expect(try await store.keys(prefix: "").sorted() == kept)
            for key in kept { #expect(try await store.get(key) == data) }
            #expect(Self.everything(below: store.root.appendingPathComponent(".incoming")) == [])
            try await store.delete(kept[0])
            try await store.put("again", data)
        }
    }
}
