import CutisCore
import CutisFormats
import CutisInference
import Foundation
import Testing

@Suite struct ImportTests {
    @Test func aModelOfAnotherChannelCountIsRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-grey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let archive = try SafetensorsArchive(fixture("vision/timm-vit/model.safetensors"))
        let entries = archive.tensors.values.sorted { $0.name < $1.name }.map { tensor in
            guard tensor.name == "patch_embed.proj.weight" else { return SafetensorsEntry(tensor, from: archive) }
            let shape = [tensor.shape[0], 1, tensor.shape[2], tensor.shape[3]]
            return SafetensorsEntry(
                name: tensor.name, elementType: .float32, shape: shape, bytes: Data(count: shape.reduce(4, *)))
        }
        let source = folder.appendingPathComponent("grey.safetensors")
        try SafetensorsWriter.write(entries, to: source)
        let error = #expect(throws: CutisError.self) {
            try BundleImporter.run(
                ImportRequest(source: source, heads: 4), to: folder.appendingPathComponent("bundle"))
        }
        #expect(error?.code == .checkpointUnsupported)
        #expect(error?.message.contains("1 channels") == true)
    }
}
