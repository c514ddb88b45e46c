import Crypto
import CutisCore
import CutisStorage
import Foundation
import Testing

/// Encryption of blobs and its keys.
@Suite struct SealedBlobStoreTests {
    private static func ring(_ count: Int = 1) throws -> (ring: KeyRing, lines: [String]) {
        let lines = (0..<count).map { _ in
            SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).base64EncodedString() }
        }
        return (try KeyRing(text: lines.joined(separator: "\n"), source: "a test"), lines)
    }

    private static func withStore(_ body: (FileBlobStore) async throws -> Void) async throws {
        try await withTemporaryFolder { try await body(FileBlobStore($0.appendingPathComponent("blobs"))) }
    }

    @Test func nothingLiesOpen() async throws {
        try await Self.withStore { base in
            let store = SealedBlobStore(base, ring: try Self.ring().ring)
            let text = Data("the skin of a person, the skin of a person".utf8)
            try await store.put("x", text)
            try await store.put("y", text)
            let (x, y) = (try await base.get("x"), try await base.get("y"))
            #expect(x.range(of: text.prefix(12)) == nil)
            #expect(x != y)
            #expect(x.count == text.count + 4 + 1 + 1 + 16 + 12 + 16)
        }
    }

    @Test func everyByteIsGuarded() async throws {
        try await Self.withStore { base in
            let store = SealedBlobStore(base, ring: try Self.ring().ring)
            try await store.put("x", Data("content".utf8))
            let sealed = try await base.get("x")
            for index in sealed.indices {
                var changed = sealed
                changed[index] ^= 1
                try await base.replace("x", changed)
                let found = await Self.refusal { _ = try await store.get("x") }
                #expect(found?.code == .storageCorrupt, "byte \(index)")
                #expect(found?.message.contains("blob x ") == true, "byte \(index)")
            }
            for length in 0..<sealed.count {
                try await base.replace("x", sealed.prefix(length))
                await expect(.storageCorrupt, "\(length) bytes") { _ = try await store.get("x") }
            }
            try await base.replace("x", sealed + [0])
            await expect(.storageCorrupt) { _ = try await store.get("x") }
            try await base.replace("x", sealed)
            #expect(try await store.get("x") == Data("content".utf8))
        }
    }

    @Test func aBlobThatWasMovedDoesNotOpen() async throws {
        try await Self.withStore { base in
            let store = SealedBlobStore(base, ring: try Self.ring().ring)
            try await store.put("mine", Data([1]))
            try await base.put("yours", base.get("mine"))
            await expect(.storageCorrupt) { _ = try await store.get("yours") }
        }
    }

    @Test func anotherKeyDoesNotOpen() async throws {
        try await Self.withStore { base in
            let mine = try Self.ring().ring
            try await SealedBlobStore(base, ring: mine).put("x", Data([1]))
            let other = SealedBlobStore(base, ring: try Self.ring().ring)
            let refusal = await Self.refusal { _ = try await other.get("x") }
            #expect(refusal?.code == .storageCorrupt)
            #expect(refusal?.message.contains(mine.ids[0]) == true)
            #expect(refusal?.remedy.contains("key file") == true)
        }
    }

    @Test func bytesForADatabaseAreSealedToo() async throws {
        let ring = try Self.ring().ring
        let sealed = try ring.seal(Data("answer".utf8), as: "idempotency/1")
        // A part of a larger buffer has other indexes.
        let part = (Data([9, 9]) + sealed).dropFirst(2)
        #expect(try ring.open(part, as: "idempotency/1") == Data("answer".utf8))
        await expect(.storageCorrupt) { try ring.open(sealed, as: "idempotency/2") }
    }

    @Test func keysAreRotated() async throws {
        try await Self.withStore { base in
            let (both, lines) = try Self.ring(2)
            let old = try KeyRing(text: lines[0], source: "a test")
            let new = try KeyRing(text: lines[1], source: "a test")
            let before = SealedBlobStore(base, ring: old)
            try await before.checkKeys()
            for index in 0..<5 { try await before.put("images/\(index)", Data([UInt8(index)])) }
            let during = SealedBlobStore(base, ring: both)
            try await during.checkKeys()
            #expect(both.ids[0] == new.ids[0])
            try await during.put("images/5", Data([5]))
            #expect(try await during.get("images/0") == Data([0]))
            await expect(.storageCorrupt) { _ = try await SealedBlobStore(base, ring: new).get("images/0") }
            #expect(try await during.reseal("images/0"))
            #expect(try await !during.reseal("images/0"))
            try await base.put("images/6", Data("not sealed".utf8))
            let renewal = try await during.resealAll()
            // The four others and the probe; two were sealed by the new key.
            #expect(renewal.renewed == 5)
            #expect(renewal.current == 2)
            #expect(renewal.failures.map(\.code) == [.storageCorrupt])
            try await base.delete("images/6")
            let after = SealedBlobStore(base, ring: new)
            try await after.checkKeys()
            for index in 0...5 { #expect(try await after.get("images/\(index)") == Data([UInt8(index)])) }
            #expect(try await after.keys(prefix: "").count == 6)
        }
    }

    @Test func theKeyFileIsMadeAtTheFirstRun() async throws {
        try await withTemporaryFolder { folder in
            let (file, blobs) = (folder.appendingPathComponent("blob.keys"), folder.appendingPathComponent("blobs"))
            let store = try await SealedBlobStore.open(FileBlobStore(blobs), keyFile: file)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            try await store.put("x", Data([1]))
            let again = try await SealedBlobStore.open(FileBlobStore(blobs), keyFile: file)
            #expect(try await again.get("x") == Data([1]))
            let ring = try KeyRing.rotate(file)
            #expect(ring.ids.count == 2)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let rotated = try await SealedBlobStore.open(FileBlobStore(blobs), keyFile: file)
            #expect(try await rotated.get("x") == Data([1]))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["blob.keys", "blobs"])
        }
    }

    @Test func aLostKeyFileIsNotMadeAnew() async throws {
        try await withTemporaryFolder { folder in
            let (file, blobs) = (folder.appendingPathComponent("blob.keys"), folder.appendingPathComponent("blobs"))
            let base = try FileBlobStore(blobs)
            _ = try await SealedBlobStore.open(base, keyFile: file)
            try FileManager.default.removeItem(at: file)
            await expect(.fileNotFound) { _ = try await SealedBlobStore.open(base, keyFile: file) }
            #expect(!FileManager.default.fileExists(atPath: file.path))
            try KeyRing.create(file)
            await expect(.storageCorrupt) { _ = try await SealedBlobStore.open(base, keyFile: file) }
        }
    }

    @Test func wrongKeysAreRefusedWithoutShowingThem() async throws {
        let good = try Self.ring().lines[0]
        let short = Data(repeating: 1, count: 31).base64EncodedString()
        for text in ["", "# a remark\n\n", "zebra", short, "\(good)\n\(good)", "\(good) x"] {
            let refusal = await Self.refusal { _ = try KeyRing(text: text, source: "CUTIS_BLOB_KEYS") }
            #expect(refusal?.code == .configInvalid)
            #expect(refusal?.message.contains("CUTIS_BLOB_KEYS") == true)
            for word in text.split(separator: " ") where word.count > 3 && !word.hasPrefix("#") {
                #expect(refusal?.description.contains(word) == false)
            }
        }
        #expect(try KeyRing(text: "# one\n \(good) \n", source: "a test").ids.count == 1)
        let two = try Self.ring(2).lines
        #expect(try KeyRing(text: two.joined(separator: ","), source: "a test").ids.count == 2)
    }

    private static func refusal(_ body: () async throws -> Void) async -> CutisError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CutisError
        }
    }
}
