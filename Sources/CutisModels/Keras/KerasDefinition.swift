/// One tensor of a Keras graph: which output of which call of which layer.
package struct KerasTensorKey: Sendable, Hashable {
    /// The layer's name.
    package let layer: String
    /// Which call of the layer, from 0.
    package let node: Int
    /// Which output of that call, from 0.
    package let tensor: Int

    package init(layer: String, node: Int, tensor: Int) {
        self.layer = layer
        self.node = node
        self.tensor = tensor
    }
}

/// A number array that the file holds inside its graph (a NumPy array used in an expression).
package struct KerasConstant: Sendable, Hashable {
    /// The elements, row-major.
    package let values: [Double]
    /// The sizes of the dimensions.
    package let shape: [Int]
    /// The type's name as NumPy writes it.
    package let type: String
}

/// An argument of a layer call.
package indirect enum KerasArgument: Sendable, Hashable {
    case none
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case tensor(KerasTensorKey)
    case list([KerasArgument])
    case slice(start: Int?, stop: Int?, step: Int?)
    case ellipsis
    case constant(KerasConstant)

    /// All tensors in the argument.
    package var tensors: [KerasTensorKey] {
        switch self {
        case .tensor(let key): [key]
        case .list(let elements): elements.flatMap(\.tensors)
        default: []
        }
    }
}

/// One call of a layer.
package struct KerasNode: Sendable, Hashable {
    /// The positional arguments.
    package let arguments: [KerasArgument]
    /// The arguments by name. Keras writes `mask: null` where the layer's `call` takes a mask and got none.
    package let keywords: [String: KerasArgument]

    /// All tensors that the call reads.
    package var tensors: [KerasTensorKey] {
        arguments.flatMap(\.tensors) + keywords.sorted { $0.key < $1.key }.flatMap(\.value.tensors)
    }
}

/// One entry of a model's `layers`.
package struct KerasLayerDefinition: Sendable, Hashable {
    /// What an entry is. Class names alone do not say it: `Multiply` is a layer and an operation.
    package indirect enum Kind: Sendable, Hashable {
        /// An input with its shape (nil: any size, the batch first) and the name of its type.
        case input(shape: [Int?], type: String)
        /// A built-in layer.
        case layer
        /// An entry of `keras.ops`; it has no group in the weights file.
        case operation
        /// A model inside the model.
        case model(KerasModelDefinition)
        /// A class that Keras does not have.
        case custom
    }

    /// What the entry is.
    package let kind: Kind
    /// The Python module of the class; empty where the file names none.
    package let module: String
    /// The name of the class.
    package let className: String
    /// The name under which a custom class is registered, such as `mil>GatedAttention`.
    package let registeredName: String?
    /// The name of the layer, unique in its model.
    package let name: String
    /// The arguments that the layer was made with.
    package let config: KerasJSON
    /// The calls of the layer.
    package let nodes: [KerasNode]
    /// Where the layer's weights are, such as `layers/dense_1`; nil for operations.
    package let weightPath: String?
    /// The layer inside a wrapper such as TimeDistributed.
    package let wrapped: [KerasLayerDefinition]

    /// The class with its module, for messages.
    package var title: String {
        let origin = module.isEmpty ? "" : "\(module)."
        return "\(origin)\(className)"
    }
}

/// A functional or sequential model as its file describes it.
package struct KerasModelDefinition: Sendable, Hashable {
    /// One output; models that give a dictionary name their outputs.
    package struct Output: Sendable, Hashable {
        /// The key in the dictionary, or nil.
        package let label: String?
        /// The tensor.
        package let key: KerasTensorKey
    }

    /// The model's name.
    package let name: String
    /// The entries in the file's order, which is not the order of computation.
    package let layers: [KerasLayerDefinition]
    /// The inputs, in the order of the call's arguments.
    package let inputs: [KerasTensorKey]
    /// The outputs, in the order in which Keras flattens them.
    package let outputs: [Output]
    /// What the file says about the shapes of the tensors (nil: any size).
    package let shapes: [KerasTensorKey: [Int?]]
}
