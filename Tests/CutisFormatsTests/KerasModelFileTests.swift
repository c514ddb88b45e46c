import CutisCore
import CutisFormats
import Foundation
import Testing

@Suite struct KerasModelFileTests {
    @Test func partsOfAModelFile() throws {
        let file = try KerasModelFile(FormatFixtures.url("mil.keras"))
        let config = try JSONSerialization.jsonObject(with: file.config) as? [String: Any]
        #expect(config?["class_name"] as? String == "Functional")
        let metadata = try JSONSerialization.jsonObject(with: file.metadata) as? [String: Any]
        #expect(metadata?["keras_version"] as? String == "3.15.1")
        #expect(file.weights.format == .keras)
        #expect(file.groupNames["layers/dense/vars"] == "proj")
    }

    /// Groups count layers of a class; the layer's own name is an attribute. Custom layers use attribute names.
    @Test func pathsOfNestedLayers() throws {
        let weights = try KerasModelFile(FormatFixtures.url("mil.keras")).weights
        #expect(weights.tensors["layers/dense/vars/0"]?.shape == [4, 3], "kernels are [in, out]")
        #expect(weights.tensors["layers/gate/u/vars/0"]?.shape == [3, 2])
        #expect(weights.tensors["layers/gate/blocks/dense_1/vars/1"]?.shape == [1])
        #expect(weights.tensors["layers/functional/layers/dense/vars/0"]?.shape == [3, 2])
        #expect(weights.tensors["layers/batch_normalization/vars/3"]?.shape == [3])
    }

    @Test func halfPrecisionTypesAreTold() throws {
        let half = try KerasModelFile(FormatFixtures.url("float16.keras")).weights
        let brain = try KerasModelFile(FormatFixtures.url("bfloat16.keras")).weights
        #expect(half.tensors.values.allSatisfy { $0.elementType == .float16 })
        #expect(brain.tensors.values.contains { $0.elementType == .bfloat16 })
    }

    @Test func anUnzippedModelReadsTheSame() throws {
        let folder = try KerasModelFile(FormatFixtures.url("unzipped-keras"))
        let file = try KerasModelFile(FormatFixtures.url("sequential.keras"))
        #expect(folder.config == file.config)
        #expect(folder.weights.tensors == file.weights.tensors)
        #expect(try TensorArchives.open(FormatFixtures.url("unzipped-keras")).tensors == file.weights.tensors)
    }

    @Test func mappedDatasetsAreNotCopied() throws {
        let archive = try HDF5Archive(FormatFixtures.url("mil.weights.h5"))
        let one = try archive.data(for: "layers/dense/vars/0")
        let two = try archive.data(for: "layers/dense/vars/1")
        #expect(ObjectIdentifier(one.owner) == ObjectIdentifier(two.owner))
    }
}
