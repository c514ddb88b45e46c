import CutisCore
import CutisFormats
import Foundation
import Testing

@Suite struct PyTorchArchiveTests {
    @Test func payloadIsATreeLikeJSON() throws {
        let payload = try PyTorchArchive(FormatFixtures.url("mil.pt")).payload
        #expect(payload["input_dim"]?.integerValue == 4)
        #expect(payload["class_count"]?.numberValue == 2)
        #expect(payload["architecture"]?["hidden"] == .integer(8))
        #expect(payload["architecture"]?["dropout"]?.numberValue == 0.25)
        #expect(payload["architecture"]?["name"]?.textValue == "gated")
        #expect(payload["architecture"]?["layers"]?[1] == .integer(8))
        #expect(payload["state_dict"] == nil, "the weights are tensors, not payload")
        let json = try JSONEncoder().encode(payload)
        let decoded = try JSONSerialization.jsonObject(with: json) as? [String: Any]
        #expect(decoded?.keys.sorted() == ["architecture", "class_count", "input_dim"])
    }

    @Test func payloadOfATrainingCheckpoint() throws {
        let payload = try PyTorchArchive(FormatFixtures.url("training.pt")).payload
        #expect(payload["score"] == .number(0.875))
        #expect(payload["step"] == .integer(12))
        #expect(payload["size"] == .list([.integer(2), .integer(3)]))
        #expect(payload["seen"]?.listValue?.count == 2)
        #expect(payload["big"] == .opaque("a large integer"))
        #expect(payload["optimizer"]?["param_groups"]?[0]?["lr"]?.numberValue == 0.001)
    }

    @Test func scalarsOfAnyKindAreKept() throws {
        let payload = try PyTorchArchive(FormatFixtures.url("wrapped.pth")).payload
        #expect(payload["nothing"] == .null)
        #expect(payload["done"]?.boolValue == true)
        #expect(payload["labels"]?.listValue == [.text("nv"), .text("mel")])
        #expect(payload["class_weights"] == nil)
    }

    @Test func tensorsShareTheMemoryOfTheirStorage() throws {
        let archive = try PyTorchArchive(FormatFixtures.url("views.pt"))
        let base = try archive.data(for: "base")
        let tail = try archive.data(for: "tail")
        let row = try archive.data(for: "row")
        #expect(tail.baseAddress == base.baseAddress + 20 * 4)
        #expect(row.baseAddress == base.baseAddress + 12 * 4)
        #expect(ObjectIdentifier(tail.owner) == ObjectIdentifier(base.owner))
        let transposed = try archive.data(for: "transposed")
        #expect(ObjectIdentifier(transposed.owner) != ObjectIdentifier(base.owner), "a transposed view is a copy")
    }

    @Test func dataOutlivesTheArchive() throws {
        func tail() throws -> TensorData { try PyTorchArchive(FormatFixtures.url("views.pt")).data(for: "tail") }
        #expect(try tail().floats == [20, 21, 22, 23])
    }

    @Test func absentTensorsAreNamed() throws {
        let archive = try PyTorchArchive(FormatFixtures.url("bare.pt"))
        let error = #expect(throws: CutisError.self) { _ = try archive.data(for: "ghost") }
        #expect(error?.code == .checkpointMismatch)
        #expect(error?.message.contains("'ghost'") == true)
    }

    @Test func namesFromTheFileCannotSteerATerminal() throws {
        let pickle = Array("\u{80}".unicodeScalars).map { UInt8($0.value) } + [2] + Array("cos\u{1B}[2J\nx\n.".utf8)
        let file = MiniZip.archive([("x/data.pkl", pickle)])
        let folder = try TemporaryFolder()
        let url = try folder.write("escape.pt", file)
        let error = #expect(throws: CutisError.self) { _ = try TensorArchives.open(url) }
        #expect(error?.code == .checkpointUnsafe)
        #expect(error?.message.contains("\u{1B}") == false)
    }

    /// Operations that make a naive machine slow or large.
    enum LargePickle: String, CaseIterable {
        case deepLists, endlessValues, valuesThrownAway, tuplesOnAFullStack, longText

        var operations: [UInt8] {
            switch self {
            case .deepLists: repeated("]", 1_000_000) + repeated("a", 999_999)
            case .endlessValues: repeated("N", 5_000_000)
            case .valuesThrownAway: repeated("N0", 5_000_000)
            case .tuplesOnAFullStack: repeated("N", 500_000) + repeated("(t", 500_000)
            case .longText: [0x58, 0, 0, 0, 1] + repeated("x", 1 << 24) + repeated("q\u{1}h\u{1}", 100_000)
            }
        }

        private func repeated(_ text: String, _ count: Int) -> [UInt8] {
            let unit = Array(text.utf8)
            return [UInt8](unsafeUninitializedCapacity: count * unit.count) { buffer, size in
                for index in 0..<count * unit.count { buffer[index] = unit[index % unit.count] }
                size = count * unit.count
            }
        }
    }

    @Test(arguments: LargePickle.allCases)
    func largePicklesEndSoon(_ kind: LargePickle) throws {
        let file = try ByteRegion(MiniZip.archive([("x/data.pkl", [0x80, 2] + kind.operations + [0x2E])]))
        let url = URL(fileURLWithPath: "/large.pt")
        let time = processorSeconds {
            if let archive = try? TensorArchives.open(file, at: url) { #expect(archive.tensors.isEmpty) }
        }
        #expect(time < 5, "\(kind) took \(time) s")
    }
}
