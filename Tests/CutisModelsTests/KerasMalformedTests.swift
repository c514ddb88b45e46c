import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation
import Testing

/// Graphs that no Keras would write: each ends in an error with a reason, none in a crash or a hang.
@Suite struct KerasMalformedTests {
    /// Builds a graph over weights of the given shapes, and gives the error that it ends with.
    private func error(
        _ layers: [String], output: String, weights: [String: [Int]] = [:], inputs: String = #"["bag", 0, 0]"#
    ) throws -> CutisError {
        let tensors = weights.mapValues { (shape: $0, values: [Float](repeating: 0.5, count: $0.reduce(1, *))) }
        let config = Config.functional(layers, output: output, inputs: inputs)
        let error = try HeadFixtures.withWeights(tensors) { archive in
            HeadFixtures.error { _ = try KerasGraph(config: config, archive: archive) }
        }
        return try #require(error)
    }

    private let dense = #""units": 2, "activation": "sigmoid""#

    @Test func missingAndExtraWeightsAreListedTogether() throws {
        let error = try error(
            [Config.input("bag"), Config.layer("Dense", "a", from: "bag", config: dense)], output: "a",
            weights: ["layers/dense/vars/0": [4, 3], "layers/dense_7/vars/0": [1], "optimizer/vars/0": [1]])
        #expect(error.code == .checkpointMismatch)
        #expect(error.message.contains("missing: layers/dense/vars/1"))
        #expect(error.message.contains("mismatched: layers/dense/vars/0 needs [any, 2]"))
        #expect(error.message.contains("unexpected: layers/dense_7/vars/0"))
        #expect(!error.message.contains("optimizer"))
    }

    @Test func weightsInTheWrongOrderAreFound() throws {
        let file = try KerasModelFile(HeadFixtures.keras("gated_functional"))
        var names = file.groupNames
        (names["layers/dense/vars"], names["layers/dense_1/vars"]) = (
            names["layers/dense_1/vars"], names["layers/dense/vars"]
        )
        let error = HeadFixtures.error {
            _ = try KerasGraph(config: file.config, archive: file.weights, groupNames: names)
        }
        #expect(error?.code == .checkpointMismatch && error?.message.contains("not in the order") == true)
    }

    @Test func weightsThatAreNotFiniteAreRefused() throws {
        let config = Config.functional(
            [Config.input("bag"), Config.layer("Dense", "a", from: "bag", config: #""units": 1, "use_bias": false"#)],
            output: "a")
        try HeadFixtures.withWeights(["layers/dense/vars/0": ([4, 1], [1, .nan, 1, 1])]) { archive in
            let error = HeadFixtures.error { _ = try KerasGraph(config: config, archive: archive) }
            #expect(error?.code == .weightsNotFinite && error?.message.contains("layers/dense/vars/0") == true)
        }
    }

    @Test(arguments: [
        (#""RepeatVector", "repeat""#, #""n": 900000000"#), (#""RepeatVector", "repeat""#, #""n": -1"#),
        (#""Reshape", "reshape""#, #""target_shape": [9223372036854775807, 4]"#),
        (#""Reshape", "reshape""#, #""target_shape": [-1, -1]"#), (#""Permute", "permute""#, #""dims": [1, 1]"#),
        (#""Dense", "dense""#, #""units": 99999999999"#), (#""Softmax", "softmax""#, #""axis": 77"#),
        (#""Concatenate", "join""#, #""axis": -9"#), (#""EinsumDense", "e""#, #""equation": "a...b..c,d->""#),
        (#""Dot", "dot""#, #""axes": [0, 0]"#), (#""Activation", "act""#, #""activation": "nonsense""#),
        (#""TimeDistributed", "time""#, #""layer": null"#), (#""LayerNormalization", "norm""#, #""axis": [1]"#),
        (#""GlobalAveragePooling1D", "pool""#, #""data_format": "channels_first""#),
        (#""Flatten", "f""#, #""data_format": 3"#),
        (#""Activation", "act""#, #""activation": {"class_name": "__lambda__", "config": {"code": "4wE="}}"#),
        (#""MultiHeadAttention", "mha""#, #""num_heads": 3"#), (#""BatchNormalization", "bn""#, #""axis": 9"#),
    ])
    func absurdSettings(_ layer: String, _ config: String) throws {
        let parts = layer.filter { $0 != "\"" }.components(separatedBy: ", ")
        let error = try error(
            [Config.input("bag"), Config.layer(parts[0], parts[1], from: "bag", config: config)], output: parts[1],
            weights: ["layers/x/vars/0": [1]])
        #expect(error.code.exitCode == 3)
        #expect(!error.message.isEmpty && !error.remedy.isEmpty)
    }

    @Test(arguments: [
        ("Tile", #""repeats": [100000, 100000, 100000]"#), ("Repeat", #""repeats": 1000000000000, "axis": 1"#),
        ("Reshape", #""newshape": [-5]"#), ("Transpose", #""axes": [0, 0, 1]"#),
        ("ExpandDims", #""axis": [0,0,0,0,0,0,0]"#),
        ("BroadcastTo", #""shape": [90000, 90000, 90000]"#), ("Squeeze", #""axis": 1"#), ("Take", #""axis": 1"#),
        ("Split", #""indices_or_sections": 7, "axis": 1"#), ("Cast", #""dtype": "complex64""#), ("GetItem", ""),
        ("Einsum", #""subscripts": "abc->abcd""#), ("Multiply", ""), ("Sum", #""axis": [1, 1]"#),
        ("Argmax", #""axis": 12"#),
        ("Moveaxis", #""source": 1, "destination": 44"#), ("Where", ""), ("Clip", #""x_min": "a""#),
    ])
    func absurdOperations(_ operation: String, _ config: String) throws {
        let layers = [Config.input("bag"), Config.operation(operation, "op", from: "bag", config: config)]
        #expect(try error(layers, output: "op").code.exitCode == 3)
    }

    @Test func subscriptsThatDoNotFit() throws {
        let slice = #"{"class_name": "__slice__", "config": {"start": null, "stop": null, "step": -1}}"#
        for key in ["99", "[0, 0, 0, 0]", "[\(slice)]", #""text""#, "[[0, 1]]", "true"] {
            let arguments = "\(Config.tensor("bag")), \(key)"
            let layers = [Config.input("bag"), Config.operation("GetItem", "item", from: "bag", arguments: arguments)]
            #expect(try error(layers, output: "item").code.exitCode == 3)
        }
    }

    @Test func outerProductsCannotExhaustMemory() throws {
        let flat = #""newshape": [12, 1]"#
        var layers = [Config.input("bag"), Config.operation("Reshape", "r0", from: "bag", config: flat)]
        for level in 1...12 {
            let source = "r\(level - 1)"
            layers.append(
                Config.operation("Transpose", "t\(level)", from: source, config: #""axes": [1, 0]"#))
            layers.append(
                Config.operation(
                    "Matmul", "m\(level)", from: source,
                    arguments: "\(Config.tensor(source)), \(Config.tensor("t\(level)"))"))
            layers.append(
                Config.operation("Reshape", "r\(level)", from: "m\(level)", config: #""newshape": [-1, 1]"#))
        }
        let error = try error(layers, output: "r12")
        #expect(error.message.contains("elements") || error.message.contains("numbers"))
    }

    /// Six levels of models that each call the next one a hundred times would be 10¹² calls.
    @Test func modelsThatCallEachOtherOftenAreStopped() throws {
        var inner = [Config.input("i"), Config.operation("Negative", "sum", from: "i")]
        let calls = Array(repeating: Config.call(Config.tensor("i")), count: 100).joined(separator: ", ")
        for level in 1...6 {
            let outputs = (0..<100).map { Config.tensor("m\(level)", call: $0) }.joined(separator: ", ")
            inner = [
                Config.input("i"), Config.model("m\(level)", inner, input: "i", output: "sum", calls: calls),
                Config.layer("Add", "sum", from: "i", arguments: "[\(outputs)]"),
            ]
        }
        let config = Config.functional(inner, output: "sum", inputs: #"["i", 0, 0]"#)
        let start = ContinuousClock.now
        let error = try HeadFixtures.withWeights(["optimizer/vars/0": ([1], [1])]) { archive in
            HeadFixtures.error { _ = try KerasGraph(config: config, archive: archive) }
        }
        #expect(error?.message.contains("more than") == true, "\(error?.message ?? "no error")")
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    /// The longest graph that is read: nothing in it recurses along the chain.
    @Test func aLongChainIsComputed() throws {
        let count = KerasConfigParser.maximumLayers - 2
        var layers = [Config.input("bag"), Config.layer("GlobalAveragePooling1D", "l0", from: "bag")]
        for index in 1...count {
            layers.append(
                index == 5
                    ? Config.operation("Sigmoid", "l5", from: "l4")
                    : Config.layer("Dropout", "l\(index)", from: "l\(index - 1)"))
        }
        let start = ContinuousClock.now
        try HeadFixtures.withWeights(["optimizer/vars/0": ([1], [1])]) { archive in
            let graph = try KerasGraph(config: Config.functional(layers, output: "l\(count)"), archive: archive)
            #expect(graph.classCount == 4 && graph.meaning == nil)
            #expect(try graph(bag: Tensor.zeros([1, 3, 4])).output.floats() == [0.5, 0.5, 0.5, 0.5])
        }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func otherInputsThanABagAreRefused() throws {
        let dense = Config.layer("Dense", "a", from: "bag", config: dense)
        for shape in ["[null, 4]", "[null, 3, null]", "[null, 100, 4]", "[null, 3, 4, 5]", "[]", "[null, 3, 9999999]"] {
            let error = try error([Config.input("bag", shape: shape), dense], output: "a")
            #expect(error.code == .checkpointUnsupported, "\(shape)")
        }
        let two = try error(
            [Config.input("bag"), Config.input("other"), dense], output: "a",
            inputs: #"[["bag", 0, 0], ["other", 0, 0]]"#
        )
        #expect(two.message.contains("'other' [any, 3, 4]"))
    }
}
