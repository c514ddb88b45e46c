import CutisCore
import CutisModels
import Foundation
import Testing

/// The typed graph of a config.json, without a tensor.
@Suite struct KerasConfigTests {
    @Test(arguments: [
        ("Dense", "dense"), ("LayerNormalization", "layer_normalization"),
        ("GlobalAveragePooling1D", "global_average_pooling1d"), ("GatedAtt", "gated_att"), ("PReLU", "p_re_lu"),
        ("ReLU", "re_lu"), ("LeakyReLU", "leaky_re_lu"), ("ELU", "elu"), ("MILAttention", "mil_attention"),
        ("XAbCd", "x_ab_cd"), ("My Layer-2", "my_layer2"), ("a", "a"), ("", ""),
        ("MultiHeadAttention", "multi_head_attention"),
    ])
    func groupNamesOfClasses(_ className: String, _ group: String) {
        #expect(KerasNaming.snakeCase(className) == group)
    }

    @Test func jsonAsPythonWritesIt() throws {
        let text = #"{"a": [1, -2.5e3, NaN, -Infinity, Infinity, true, null, "\u00e9\ud83d\ude00\n"]}"#
        let values = try #require(try KerasJSONParser.parse(Data(text.utf8))["a"]?.elements)
        #expect(values[0] == .integer(1) && values[1] == .number(-2500) && values[3] == .number(-.infinity))
        #expect(values[2].double?.isNaN == true && values[4].double == .infinity && values[5] == .bool(true))
        #expect(values[6].isNull && values[7].text == "é😀\n")
    }

    @Test(arguments: [
        "", "{", "[1,]", #"{"a" 1}"#, #"{"a": 1, "a": 2}"#, "01x", "+1", "nan", #""\ud800""#, #""\x""#, "[1] 2",
        "\"\u{1}\"",
        "1e999", "--1", "[", String(repeating: "[", count: 100_000),
    ])
    func damagedJSONIsRefused(_ text: String) {
        #expect(throws: KerasFault.self) { try KerasJSONParser.parse(Data(text.utf8)) }
    }

    @Test func groupsAreCountedByClassAndOperationsAreNot() throws {
        let model = try KerasConfigParser.parse(
            Config.functional(
                [
                    Config.input("bag"), Config.layer("Dense", "proj", from: "bag"),
                    Config.layer("Dense", "dense_2", from: "proj"),
                    Config.operation("Multiply", "multiply", from: "dense_2"),
                    Config.layer("Multiply", "multiply_1", from: "multiply"),
                    Config.layer("Dense", "disease", from: "multiply_1"),
                ], output: "disease"))
        #expect(
            model.layers.map { $0.weightPath ?? "-" } == [
                "layers/input_layer", "layers/dense", "layers/dense_1", "-", "layers/multiply", "layers/dense_2",
            ])
    }

    @Test func theOrderOfComputationIsThatOfTheConnections() throws {
        let model = try KerasConfigParser.parse(
            Config.functional(
                [
                    Config.layer("Dense", "c", from: "b"), Config.layer("Dense", "a", from: "bag"), Config.input("bag"),
                    Config.layer("Dense", "b", from: "a"), Config.layer("Dense", "unused", from: "a"),
                ], output: "c"))
        let steps = try KerasPlan(model).steps.map { model.layers[$0.layer].name }
        #expect(steps == ["a", "b", "c"])
    }

    @Test func inputsAndOutputsInEveryForm() throws {
        let layers = [Config.input("bag"), Config.layer("Dense", "p", from: "bag")]
        for form in [#"["p", 0, 0]"#, #"[["p", 0, 0]]"#, #"{"answer": ["p", 0, 0]}"#] {
            let model = try KerasConfigParser.parse(Config.functional(layers, outputs: form))
            #expect(model.outputs.map(\.key) == [KerasTensorKey(layer: "p", node: 0, tensor: 0)])
        }
        let labelled = try KerasConfigParser.parse(Config.functional(layers, outputs: #"{"answer": ["p", 0, 0]}"#))
        #expect(labelled.outputs.first?.label == "answer")
    }

    @Test func aCycleIsNamed() throws {
        let model = try KerasConfigParser.parse(
            Config.functional(
                [
                    Config.input("bag"), Config.layer("Dense", "one", from: "two"),
                    Config.layer("Dense", "two", from: "one"),
                ],
                output: "two"))
        let fault = #expect(throws: KerasFault.self) { try KerasPlan(model) }
        #expect(fault?.reason.contains("'one', 'two'") == true && fault?.reason.contains("cycle") == true)
    }

    @Test func layersThatAreNotThereAreNamed() throws {
        let model = try KerasConfigParser.parse(
            Config.functional(
                [
                    Config.input("bag"), Config.layer("Dense", "a", from: "gone"),
                    Config.layer("Dense", "b", from: "lost"),
                ],
                output: "b"))
        let fault = #expect(throws: KerasFault.self) { try KerasPlan(model) }
        #expect(fault?.reason.contains("'gone', 'lost'") == true)
    }

    @Test func aCallThatIsNotThereIsNamed() throws {
        let model = try KerasConfigParser.parse(
            Config.functional([Config.input("bag"), Config.layer("Dense", "a", from: "bag")], outputs: #"["a", 5, 0]"#))
        #expect(throws: KerasFault.self) { try KerasPlan(model) }
    }

    @Test func twoLayersOfOneNameAreRefused() {
        let text = Config.functional([Config.input("bag"), Config.input("bag")], output: "bag")
        let fault = #expect(throws: KerasFault.self) { try KerasConfigParser.parse(text) }
        #expect(fault?.reason.contains("two layers are named 'bag'") == true)
    }

    @Test func keras2IsRefusedWithAdvice() {
        let text = #"{"class_name": "Functional", "config": {"layers": []}, "keras_version": "2.12.0"}"#
        let fault = #expect(throws: KerasFault.self) { try KerasConfigParser.parse(Data(text.utf8)) }
        #expect(fault?.code == .checkpointUnsupported && fault?.remedy?.contains("Keras 3") == true)
    }

    @Test func aSubclassedModelIsRefused() {
        let text = #"{"module": "my", "class_name": "MyModel", "config": {"units": 3}, "registered_name": "MyModel"}"#
        let fault = #expect(throws: KerasFault.self) { try KerasConfigParser.parse(Data(text.utf8)) }
        #expect(fault?.code == .checkpointUnsupported && fault?.reason.contains("MyModel") == true)
    }

    @Test func modelsInModelsAreBounded() {
        var inner = Config.input("i")
        for depth in 0...12 {
            inner = Config.entry(
                "Sequential", "m\(depth)", module: "keras", config: #""layers": [\#(inner)]"#, calls: "")
        }
        let fault = #expect(throws: KerasFault.self) { try KerasConfigParser.parse(Data(inner.utf8)) }
        #expect(fault?.reason.contains("inside each other") == true)
    }
}
