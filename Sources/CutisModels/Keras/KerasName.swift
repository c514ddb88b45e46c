import CutisFormats

/// What Keras's module and type names mean.
package enum KerasName {
    /// Whether a class of this module is an operation of `keras.ops` (or an activation used as one).
    package static func isOperation(module: String) -> Bool {
        ["keras.src.ops", "keras.ops", "keras.src.activations", "keras.activations"].contains { prefix in
            module == prefix || module.hasPrefix("\(prefix).")
        }
    }

    /// Whether a class of this module belongs to Keras itself.
    package static func isBuiltIn(module: String) -> Bool {
        module == "keras" || module.hasPrefix("keras.")
    }

    /// The type in a `dtype` entry: a bare name, or a policy with its name inside.
    package static func type(_ dtype: KerasJSON?) -> String {
        dtype?.text ?? dtype?["config"]?["name"]?.text ?? "float32"
    }

    /// A name from the file, safe for a terminal.
    package static func quoted(_ name: String) -> String {
        CutisFormats.quoted(name)
    }
}

extension KerasLayerDefinition {
    /// Whether the entry is a model inside the model.
    package var isModel: Bool {
        if case .model = kind { return true }
        return false
    }

    /// Whether the entry is an input.
    package var isInput: Bool {
        if case .input = kind { return true }
        return false
    }
}
