import CutisCore
import CutisFormats
import Foundation
import Testing

/// Files that PyTorch, safetensors, Keras, h5py and NumPy wrote, and hostile ones, against the manifest.
@Suite struct ReferenceFileTests {
    @Test func manifestIsComplete() throws {
        #expect(try FormatFixtures.manifest().count > 100)
    }

    @Test(arguments: FormatFixtures.names)
    func fileIsReadOrRefusedAsItShould(_ name: String) throws {
        let expectation = try #require(try FormatFixtures.manifest()[name])
        let url = FormatFixtures.url(name)
        #expect(try Sniffer.format(of: url) == expectation.format)
        if let code = expectation.error {
            let error = #expect(throws: CutisError.self) { _ = try TensorArchives.open(url) }
            #expect(error?.code.rawValue == code)
            #expect(error?.message.contains(url.lastPathComponent) == true, "\(error?.message ?? "")")
            for mention in expectation.mentions ?? [] {
                #expect(error?.message.contains(mention) == true, "\(mention) is not in: \(error?.message ?? "")")
            }
        } else {
            try check(try TensorArchives.open(url), expectation)
        }
    }

    private func check(_ archive: any TensorArchive, _ expectation: FormatFixtures.Expectation) throws {
        let expected = try #require(expectation.tensors)
        #expect(archive.tensors.keys.sorted() == expected.keys.sorted())
        #expect(archive.unsupported.keys.sorted() == (expectation.unsupported ?? []).sorted())
        for (name, tensor) in expected {
            let data = try archive.data(for: name)
            #expect(data.description.name == name)
            #expect(data.description.elementType == tensor.dtype, "\(name)")
            #expect(data.description.shape == tensor.shape, "\(name)")
            #expect(Data(data.bytes).base64EncodedString() == tensor.bytes, "\(name)")
            #expect(UInt(bitPattern: data.baseAddress) % UInt(tensor.dtype.byteWidth) == 0, "\(name)")
        }
        for name in expectation.unsupported ?? [] {
            let error = #expect(throws: CutisError.self) { _ = try archive.data(for: name) }
            #expect(error?.code == .checkpointUnsupported)
            #expect(error?.message.contains(name) == true)
        }
        for (key, value) in expectation.metadata ?? [:] { #expect(archive.metadata[key] == value) }
        if let wrapper = expectation.wrapper { #expect((archive as? PyTorchArchive)?.wrapper == wrapper) }
        if let names = expectation.groupNames { #expect((archive as? HDF5Archive)?.groupNames == names) }
    }
}
