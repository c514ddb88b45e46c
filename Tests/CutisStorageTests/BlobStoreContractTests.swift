import CutisCore
import CutisStorage
import Foundation
import Testing

/// What every blob store keeps to.
@Suite struct BlobStoreContractTests {
    @Test(arguments: BlobBackend.all)
    func bytesComeBackAsTheyWere(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            let contents = ["a": Data(), "b/c": Data(0...255), "b/d-e_0/f": Data(repeating: 9, count: 3_000_000)]
            for (key, data) in contents { try await store.put(key, data) }
            for (key, data) in contents { #expect(try await store.get(key) == data) }
        }
    }

    @Test(arguments: BlobBackend.all)
    func aPartIsCutToWhatThereIs(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            let data = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
            try await store.put("x", data)
            for range in [0..<1000, 0..<0, 10..<20, 999..<1000, 990..<5000, 1000..<1001, 4000..<5000] {
                let wanted = data.subdata(in: range.clamped(to: 0..<1000))
                #expect(try await store.get("x", range: range) == wanted, "\(range)")
            }
        }
    }

    @Test(arguments: BlobBackend.all)
    func aMissingBlobHasACode(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            try await store.put("a/b", Data([1]))
            for key in ["x", "a", "a/b/c", "a/c"] {
                await expect(.blobMissing, "\(key)") { _ = try await store.get(key) }
                await expect(.blobMissing, "\(key)") { _ = try await store.get(key, range: 0..<1) }
                await expect(.blobMissing, "\(key)") { try await store.replace(key, Data()) }
            }
        }
    }

    @Test(arguments: BlobBackend.all)
    func aKeyIsWrittenOnce(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            try await store.put("x", Data([1, 2]))
            try await store.put("x", Data([1, 2]))
            await expect(.conflict) { try await store.put("x", Data([1, 3])) }
            await expect(.conflict) { try await store.put("x", Data()) }
            #expect(try await store.get("x") == Data([1, 2]))
        }
    }

    @Test(arguments: BlobBackend.all)
    func oneOfManyWritersWins(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            let winners = await withTaskGroup(of: UInt8?.self) { group in
                for index in UInt8(0)..<16 {
                    group.addTask {
                        (try? await store.put("same/key", Data(repeating: index, count: 50_000))) == nil ? nil : index
                    }
                }
                return await group.reduce(into: [UInt8]()) { if let index = $1 { $0.append(index) } }
            }
            #expect(winners.count == 1)
            let winner = try #require(winners.first)
            #expect(try await store.get("same/key") == Data(repeating: winner, count: 50_000))
        }
    }

    @Test(arguments: BlobBackend.all)
    func aBlobIsReplacedWhole(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            try await store.put("x", Data([1]))
            try await store.replace("x", Data(repeating: 2, count: 100))
            #expect(try await store.get("x") == Data(repeating: 2, count: 100))
            #expect(try await store.keys(prefix: "") == ["x"])
        }
    }

    @Test(arguments: BlobBackend.all)
    func deletingIsForGood(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            try await store.put("a/b", Data([1]))
            try await store.put("a/c", Data([2]))
            try await store.delete("a/b")
            try await store.delete("a/b")
            try await store.delete("never/there")
            await expect(.blobMissing) { _ = try await store.get("a/b") }
            #expect(try await store.get("a/c") == Data([2]))
            try await store.put("a/b", Data([3]))
            #expect(try await store.get("a/b") == Data([3]))
        }
    }

    @Test(arguments: BlobBackend.all)
    func keysAreFoundByTheirBeginning(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            let all = ["a", "images/1/x", "images/1/y", "images/12", "images/2", "other/z"]
            for key in all { try await store.put(key, Data(key.utf8)) }
            #expect(try await store.keys(prefix: "").sorted() == all)
            #expect(try await store.keys(prefix: "images/").sorted() == Array(all[1...4]))
            #expect(try await store.keys(prefix: "images/1").sorted() == Array(all[1...3]))
            #expect(try await store.keys(prefix: "images/1/").sorted() == Array(all[1...2]))
            #expect(try await store.keys(prefix: "images/2") == ["images/2"])
            #expect(try await store.keys(prefix: "im").count == 4)
            #expect(try await store.keys(prefix: "none/").isEmpty)
        }
    }

    @Test(
        arguments: BlobBackend.all,
        [
            "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "A", "ä", "a b", "a.b", "a\\b", "a\0b",
            "a\n", "%2e%2e", "~", ".incoming/a", String(repeating: "a", count: 201),
            String(repeating: "a/", count: 300),
        ])
    func wrongKeysAreRefused(_ backend: BlobBackend, _ key: String) async throws {
        try await backend.with { store in
            await expect(.requestInvalid) { try await store.put(key, Data([1])) }
            await expect(.requestInvalid) { try await store.replace(key, Data([1])) }
            await expect(.requestInvalid) { _ = try await store.get(key) }
            await expect(.requestInvalid) { _ = try await store.get(key, range: 0..<1) }
            await expect(.requestInvalid) { try await store.delete(key) }
            let kept = try await store.keys(prefix: "")
            #expect(kept.isEmpty)
        }
    }

    @Test(arguments: BlobBackend.all, ["/", "../", "a//", "A", ".incoming"])
    func wrongBeginningsAreRefused(_ backend: BlobBackend, _ prefix: String) async throws {
        try await backend.with { store in
            await expect(.requestInvalid) { _ = try await store.keys(prefix: prefix) }
        }
    }

    @Test(arguments: BlobBackend.all)
    func manyWorkAtOnce(_ backend: BlobBackend) async throws {
        try await backend.with { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        // Cases come and go in the same folder.
                        let key = "case/\(index % 4)/\(index)"
                        for round in UInt8(0)..<5 {
                            try await store.put(key, Data([round]))
                            #expect(try await store.get(key) == Data([round]))
                            try await store.delete(key)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.keys(prefix: "").isEmpty)
        }
    }
}
