import CutisCore
import CutisFormats
import Foundation
import Testing

@Suite struct SafetensorsWriterTests {
    @Test func roundTripKeepsEveryByteAndTheOrder() throws {
        let folder = try TemporaryFolder()
        let source = try SafetensorsArchive(FormatFixtures.url("types.safetensors"))
        let names = source.tensors.keys.sorted().reversed()
        let entries = try names.map { SafetensorsEntry(try #require(source.tensors[$0]), from: source) }
        let url = folder.url.appendingPathComponent("out.safetensors")
        try SafetensorsWriter.write(entries, metadata: source.metadata, to: url)

        let copy = try SafetensorsArchive(url)
        #expect(copy.tensors == source.tensors)
        #expect(copy.metadata == source.metadata)
        for name in names { #expect(try copy.data(for: name).bytes == source.data(for: name).bytes) }
        let begins = try names.map { UInt(bitPattern: try copy.data(for: $0).baseAddress) }
        #expect(copy.tensors["empty"]?.byteCount == 0)
        #expect(begins.first.map { $0 % 64 == 0 } == true, "the data section begins at a multiple of 64")
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        let places = names.compactMap { text.range(of: "\"\($0)\":")?.lowerBound }
        #expect(places.count == names.count && places == places.sorted(), "the header keeps the order")
    }

    @Test func equalInputGivesEqualFiles() throws {
        let folder = try TemporaryFolder()
        let entry = SafetensorsEntry(name: "a", elementType: .uint8, shape: [2], bytes: Data([1, 2]))
        let metadata = ["z": "1", "a": "quote \" backslash \\ newline \n bell \u{7} grün"]
        let urls = ["one", "two"].map { folder.url.appendingPathComponent($0) }
        for url in urls { try SafetensorsWriter.write([entry], metadata: metadata, to: url) }
        #expect(try Data(contentsOf: urls[0]) == Data(contentsOf: urls[1]))
        #expect(try SafetensorsArchive(urls[0]).metadata == metadata)
    }

    @Test func streamedPiecesAreJoined() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("streamed")
        let entry = SafetensorsEntry(name: "a", elementType: .uint8, shape: [5]) { write in
            for piece: [UInt8] in [[1, 2], [], [3], [4, 5]] { try piece.withUnsafeBytes { try write($0) } }
        }
        try SafetensorsWriter.write([entry], to: url)
        #expect(try SafetensorsArchive(url).data(for: "a").bytes == [1, 2, 3, 4, 5])
    }

    @Test func noTensorsAreAValidFile() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("none")
        try SafetensorsWriter.write([], to: url)
        #expect(try TensorArchives.open(url).tensors.isEmpty)
    }

    @Test(arguments: [1, 3]) func aSourceOfTheWrongLengthLeavesNoFile(_ count: Int) throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("wrong")
        let entry = SafetensorsEntry(
            name: "a", elementType: .uint8, shape: [2], bytes: Data(repeating: 0, count: count))
        let error = #expect(throws: CutisError.self) { try SafetensorsWriter.write([entry], to: url) }
        #expect(error?.code == .invalidArguments)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func namesAndShapesThatTheFormatCannotHoldAreRefused() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("refused")
        let fine = SafetensorsEntry(name: "a", elementType: .uint8, shape: [0], bytes: Data())
        let reserved = SafetensorsEntry(name: "__metadata__", elementType: .uint8, shape: [0], bytes: Data())
        let negative = SafetensorsEntry(name: "b", elementType: .uint8, shape: [-1], bytes: Data())
        let huge = SafetensorsEntry(name: "c", elementType: .uint8, shape: [1 << 40, 1 << 40], bytes: Data())
        for entries in [[fine, fine], [reserved], [negative], [huge]] {
            let error = #expect(throws: CutisError.self) { try SafetensorsWriter.write(entries, to: url) }
            #expect(error?.code == .invalidArguments)
        }
    }

    @Test func anUnwritablePlaceIsNamed() {
        let url = URL(fileURLWithPath: "/nonexistent-folder/out.safetensors")
        let error = #expect(throws: CutisError.self) { try SafetensorsWriter.write([], to: url) }
        #expect(error?.code == .outputUnwritable)
        #expect(error?.message.contains(url.path) == true)
    }

    /// The reference implementation reads what the writer wrote. `CUTIS_PYTHON` names a Python with safetensors.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["CUTIS_PYTHON"] != nil,
            "CUTIS_PYTHON does not name a Python with safetensors"))
    func theReferenceImplementationReadsIt() throws {
        let python = try #require(ProcessInfo.processInfo.environment["CUTIS_PYTHON"])
        let folder = try TemporaryFolder()
        let source = try PyTorchArchive(FormatFixtures.url("types.pt"))
        let url = folder.url.appendingPathComponent("out.safetensors")
        let entries = source.tensors.values.sorted { $0.name < $1.name }.map { SafetensorsEntry($0, from: source) }
        try SafetensorsWriter.write(entries, metadata: ["a": "ü\"\n"], to: url)
        let script = """
            import sys, torch, safetensors, safetensors.torch
            a, b = safetensors.torch.load_file(sys.argv[1]), torch.load(sys.argv[2])
            assert sorted(a) == sorted(b)
            for n in a: assert a[n].dtype == b[n].dtype and a[n].shape == b[n].shape and torch.equal(a[n], b[n])
            assert safetensors.safe_open(sys.argv[1], "pt").metadata() == {"a": "ü\\"\\n"}
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", script, url.path, FormatFixtures.url("types.pt").path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
