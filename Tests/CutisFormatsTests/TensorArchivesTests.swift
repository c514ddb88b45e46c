import CutisCore
import CutisFormats
import Foundation
import Testing

@Suite struct TensorArchivesTests {
    @Test func foldersOfSnapshots() throws {
        #expect(try TensorArchives.open(FormatFixtures.url("sharded")).format == .safetensors)

        let folder = try TemporaryFolder()
        _ = try folder.copy("types.pt", as: "pytorch_model.bin")
        #expect(try TensorArchives.open(folder.url).format == .pytorch)
        _ = try folder.copy("types.safetensors", as: "model.safetensors")
        #expect(try TensorArchives.open(folder.url).format == .safetensors, "safetensors come before pickles")
    }

    @Test func aFolderWithOneSafetensorsFileOfAnyName() throws {
        let folder = try TemporaryFolder()
        _ = try folder.copy("types.safetensors", as: "finetuned.safetensors")
        #expect(try TensorArchives.open(folder.url).format == .safetensors)
        _ = try folder.copy("types.safetensors", as: "other.safetensors")
        let error = #expect(throws: CutisError.self) { _ = try TensorArchives.open(folder.url) }
        #expect(error?.code == .fileNotFound)
        #expect(error?.message.contains("model.safetensors") == true)
    }

    /// The Hugging Face cache keeps blobs in one folder and links to them in another.
    @Test func shardsMayBeLinks() throws {
        let folder = try TemporaryFolder()
        let source = FormatFixtures.url("sharded")
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where name.hasPrefix("model") {
            try FileManager.default.createSymbolicLink(
                at: folder.url.appendingPathComponent(name), withDestinationURL: source.appendingPathComponent(name))
        }
        let archive = try TensorArchives.open(folder.url)
        #expect((archive as? ShardedArchive)?.shards.count == 2)
        #expect(try archive.data(for: "scalar").floats == [3.25])
    }

    @Test func strayFilesBesideAnIndexAreNotRead() throws {
        let folder = try TemporaryFolder()
        for name in [
            "model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        ] {
            _ = try folder.copy("sharded/\(name)", as: name)
        }
        _ = try folder.write("stray.safetensors", [1, 2, 3])
        let archive = try TensorArchives.open(folder.url)
        #expect(archive.tensors.count == 12)
    }

    @Test func bytesAreNotReadBeforeTheyAreAskedFor() throws {
        // A damaged storage: opening succeeds, reading that tensor fails its checksum.
        var file = try FormatFixtures.bytes("bare.pt")
        let ones: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F]
        let starts = 0..<(file.count - ones.count)
        let found = starts.first { (start: Int) -> Bool in file[start..<start + ones.count].elementsEqual(ones) }
        let place = try #require(found)
        file[place] ^= 1
        let archive = try TensorArchives.open(try ByteRegion(file), at: URL(fileURLWithPath: "/damaged.pt"))
        let error = #expect(throws: CutisError.self) { _ = try archive.data(for: "tensor") }
        #expect(error?.code == .checkpointCorrupt)
        #expect(error?.message.contains("checksum") == true)
    }

    @Test func archivesCanBeReadFromManyTasks() async throws {
        let archive = try TensorArchives.open(FormatFixtures.url("views.pt"))
        let expected = try archive.data(for: "grid").bytes
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<64 { group.addTask { try archive.data(for: "grid").bytes } }
            for try await bytes in group { #expect(bytes == expected) }
        }
    }

    @Test func descriptionsCheckTheirShape() {
        #expect(TensorDescription(name: "a", elementType: .float32, shape: [])?.byteCount == 4)
        #expect(TensorDescription(name: "a", elementType: .float32, shape: [0, 5])?.elementCount == 0)
        #expect(TensorDescription(name: "a", elementType: .uint8, shape: [-1]) == nil)
        #expect(TensorDescription(name: "a", elementType: .uint8, shape: [1 << 31, 1 << 32]) == nil)
        #expect(TensorDescription(name: "a", elementType: .uint8, shape: [1 << 62, 1 << 62, 0]) == nil)
    }
}
