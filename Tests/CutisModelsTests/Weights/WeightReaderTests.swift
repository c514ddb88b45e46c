import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation
import Testing

/// Tensors in memory as an archive.
struct MemoryArchive: TensorArchive {
    let path = "memory"
    let format = FileFormat.safetensors
    let metadata: [String: String] = [:]
    private let source: SafetensorsArchive

    var tensors: [String: TensorDescription] { source.tensors }

    func data(for name: String) throws(CutisError) -> TensorData { try source.data(for: name) }

    /// Writes the tensors to a temporary file, which stays mapped after it is gone.
    init(_ entries: [SafetensorsEntry]) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
        try SafetensorsWriter.write(entries, to: url)
        source = try SafetensorsArchive(url)
        try FileManager.default.removeItem(at: url)
    }

    init(_ values: [String: [Float]]) throws {
        try self.init(
            values.sorted { $0.key < $1.key }.map { name, values in
                SafetensorsEntry(
                    name: name, elementType: .float32, shape: [values.count],
                    bytes: values.withUnsafeBytes { Data($0) })
            })
    }
}

@Suite("Reading weights")
struct WeightReaderTests {
    private let identity = KeyLayout(
        "plain", anchors: [], isIdentity: true, ignorable: ["extra.*": "not used"], rules: [:])

    @Test func everyProblemIsListedAtOnce() throws {
        let archive = try MemoryArchive([
            "a.weight": [1, 2], "a.bias": [1, 2, 3], "surprise.1": [0], "surprise.2": [0], "extra.x": [0],
        ])
        let reader = WeightReader(archive: archive, layout: identity)
        _ = try reader.tensor("a.weight", shape: [2], initialiser: .zeros)
        let placeholder = try reader.tensor("a.bias", shape: [2], initialiser: .zeros)
        #expect(placeholder.shape == [2])
        _ = try (reader / "b").tensor("weight", shape: [4], initialiser: .zeros)
        _ = try (reader / "b" / 3).tensor("weight", shape: [4], initialiser: .zeros)
        let error = #expect(throws: CutisError.self) { try reader.finish() }
        #expect(error?.code == .checkpointMismatch)
        let message = try #require(error?.message)
        for part in [
            "2 missing", "missing: b.weight", "missing: b.3.weight", "mismatched: a.bias needs [2], a.bias has [3]",
            "unexpected: surprise.1", "unexpected: surprise.2", "memory",
        ] { #expect(message.contains(part), "\(part)") }
        #expect(!message.contains("extra.x"))
        #expect(reader.report.ignored.map(\.key) == ["extra.x"])
        #expect(reader.report.ignored.map(\.reason) == ["not used"])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func valuesThatAreNotFiniteAreRefused(_ value: Float) throws {
        let archive = try MemoryArchive(["a": [1, value], "b": [value], "c": [1]])
        let reader = WeightReader(archive: archive, layout: identity)
        for (name, count) in [("a", 2), ("b", 1), ("c", 1)] {
            _ = try reader.tensor(name, shape: [count], initialiser: .zeros)
        }
        let error = #expect(throws: CutisError.self) { try reader.finish() }
        #expect(error?.code == .weightsNotFinite)
        #expect(reader.report.notFinite == ["a", "b"])
        let careless = WeightReader(archive: archive, layout: identity, checkFinite: false)
        for (name, count) in [("a", 2), ("b", 1), ("c", 1)] {
            _ = try careless.tensor(name, shape: [count], initialiser: .zeros)
        }
        #expect(try careless.finish().loaded == ["a", "b", "c"])
    }

    @Test func aValueThatDoesNotFitTheComputeTypeIsRefused() throws {
        let reader = WeightReader(archive: try MemoryArchive(["a": [1e6]]), layout: identity, dtype: .float16)
        _ = try reader.tensor("a", shape: [1], initialiser: .zeros)
        #expect(throws: CutisError.self) { try reader.finish() }
    }

    @Test func storedNumbersAreMappedAndNotCopied() throws {
        let archive = try MemoryArchive(["a": [1, 2, 3]])
        let address = try archive.data(for: "a").baseAddress
        let mapped = try WeightReader(archive: archive, layout: identity)
            .tensor("a", shape: [3], initialiser: .zeros)
        #expect(try mapped.withUnsafeBytes { $0.baseAddress } == address)
        let reader = WeightReader(archive: archive, layout: identity, trainable: true)
        let own = try reader.tensor("a", shape: [3], initialiser: .zeros)
        #expect(own.requiresGrad)
        #expect(try own.detach().withUnsafeBytes { $0.baseAddress } != address)
        let buffer = try WeightReader(archive: archive, layout: identity).buffer("a", shape: [3], initialiser: .zeros)
        #expect(try buffer.withUnsafeBytes { $0.baseAddress } != address)
    }

    @Test func integersAreNoWeights() throws {
        let archive = try MemoryArchive([
            SafetensorsEntry(name: "a", elementType: .int64, shape: [1], bytes: Data(count: 8))
        ])
        let reader = WeightReader(archive: archive, layout: identity)
        _ = try reader.tensor("a", shape: [1], initialiser: .zeros)
        #expect(reader.report.mismatched.first?.found == "I64")
    }

    @Test func sourcesJoinCutAndTurn() throws {
        let layout = KeyLayout(
            "made", anchors: ["x"],
            rules: [
                "joined": .concat(["x", "y"]), "half": .slice("z", dimension: 0, part: 1, of: 2),
                "turned": .transpose(.reshape("x")), "sum": .add(["x", "y"]), "none": .zeros,
                "either": .firstOf(["absent", "y"]), "wide": .reshape("z"),
            ])
        let archive = try MemoryArchive(["x": [1, 2], "y": [3, 4], "z": [5, 6, 7, 8]])
        let reader = WeightReader(archive: archive, layout: layout)
        func values(_ name: String, _ shape: [Int]) throws -> [Float] {
            try reader.tensor(name, shape: shape, initialiser: .zeros).floats()
        }
        #expect(try values("joined", [4]) == [1, 2, 3, 4])
        #expect(try values("half", [2]) == [7, 8])
        #expect(try values("sum", [2]) == [4, 6])
        #expect(try values("none", [2, 1]) == [0, 0])
        #expect(try values("either", [2]) == [3, 4])
        #expect(try values("wide", [1, 2, 2]) == [5, 6, 7, 8])
        #expect(reader.report.derived.map(\.name) == ["joined", "half", "sum", "none", "wide"])
        try reader.finish()
    }

    @Test func aHostileConfigurationNeedsNoMemory() throws {
        let config = ViTConfig(
            imageSize: [8192, 8192], patchSize: 1, width: 16_384, depth: 128, heads: 256, mlpWidth: 65_536,
            classCount: 100_000)
        let reader = WeightReader(archive: try MemoryArchive(["class_token": [0]]), layout: .cutis)
        _ = try VisionTransformer(config, reader)
        let error = #expect(throws: CutisError.self) { try reader.finish() }
        #expect(error?.message.contains("missing: blocks.127.mlp.fc2.bias") == true)
    }
}
