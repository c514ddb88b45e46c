import Foundation

/// Short pieces of config.json.
enum Config {
    static func input(_ name: String, shape: String = "[null, 3, 4]") -> String {
        entry("InputLayer", name, config: #""batch_shape": \#(shape)"#, calls: "")
    }

    static func tensor(_ name: String, call: Int = 0) -> String {
        #"{"class_name": "__keras_tensor__", "config": {"shape": [null, 3, 4], "#
            + #""keras_history": ["\#(name)", \#(call), 0]}}"#
    }

    static func call(_ arguments: String) -> String {
        #"{"args": [\#(arguments)], "kwargs": {}}"#
    }

    static func layer(
        _ className: String, _ name: String, from source: String, config: String = "", arguments: String? = nil
    ) -> String {
        entry(className, name, config: config, calls: call(arguments ?? tensor(source)))
    }

    static func operation(
        _ className: String, _ name: String, from source: String, config: String = "", arguments: String? = nil
    ) -> String {
        entry(
            className, name, module: "keras.src.ops.numpy", config: config, calls: call(arguments ?? tensor(source)))
    }

    /// An entry of `layers`, or a whole model.
    static func entry(
        _ className: String, _ name: String, module: String = "keras.layers", config: String, calls: String
    ) -> String {
        let settings = config.isEmpty ? "" : ", \(config)"
        return #"{"module": "\#(module)", "class_name": "\#(className)", "registered_name": null, "name": "\#(name)", "#
            + #""config": {"name": "\#(name)"\#(settings)}, "inbound_nodes": [\#(calls)]}"#
    }

    /// A functional model inside another one, which the calls hand its inputs.
    static func model(_ name: String, _ layers: [String], input: String, output: String, calls: String) -> String {
        let config =
            #""layers": [\#(layers.joined(separator: ", "))], "input_layers": ["\#(input)", 0, 0], "#
            + #""output_layers": ["\#(output)", 0, 0]"#
        return entry("Functional", name, module: "keras.src.models.functional", config: config, calls: calls)
    }

    static func functional(_ layers: [String], output: String, inputs: String = #"["bag", 0, 0]"#) -> Data {
        functional(layers, outputs: #"["\#(output)", 0, 0]"#, inputs: inputs)
    }

    static func functional(_ layers: [String], outputs: String, inputs: String = #"["bag", 0, 0]"#) -> Data {
        let config =
            #""layers": [\#(layers.joined(separator: ", "))], "input_layers": \#(inputs), "#
            + #""output_layers": \#(outputs)"#
        return Data(entry("Functional", "m", module: "keras.src.models.functional", config: config, calls: "").utf8)
    }
}
