import CutisCore

/// Finds everything in a graph that Cutis does not compute, before any weight is read.
enum KerasSupport {
    /// Refuses a graph with stored code or unknown classes.
    ///
    /// - Throws: `KerasFault` that names all Lambda layers (unsafe), or else all unknown classes (unsupported).
    static func check(_ model: KerasModelDefinition, mappings: [KerasCustomLayerMapping]) throws(KerasFault) {
        var lambdas: [String] = []
        var unknown: [String] = []
        var custom: [String] = []
        visit(model) { layer in
            switch layer.kind {
            case .input, .model: break
            case .operation:
                if KerasOperations.table[layer.className] == nil { unknown.append("\(layer.title)") }
            case .layer where layer.className == "Lambda": lambdas.append(layer.name)
            case .layer:
                if KerasLayers.table[layer.className] == nil { unknown.append("\(layer.className)") }
            case .custom:
                if !layer.looksLikeAttention, !mappings.contains(where: layer.isDescribed) {
                    custom.append(layer.registeredName ?? layer.title)
                }
            }
        }
        guard lambdas.isEmpty else {
            throw KerasFault(
                "it holds Python code that would have to be run: Lambda layers \(KerasPlan.list(lambdas))",
                code: .checkpointUnsafe)
        }
        guard unknown.isEmpty else {
            let others = custom.isEmpty ? "" : " and the custom classes \(KerasPlan.list(custom))"
            throw .unsupported("it uses layers that Cutis does not compute: \(KerasPlan.list(unknown))\(others)")
        }
        guard custom.isEmpty else {
            throw .unsupported(
                "it uses custom layer classes whose computation the file does not hold: \(KerasPlan.list(custom))",
                remedy: mappingAdvice(custom[0]))
        }
    }

    /// How to describe a custom class.
    static func mappingAdvice(_ className: String) -> String {
        "Describe what the class computes in a mapping file: [{\"class_name\": \"\(className)\", \"kind\": "
            + "\"gated_attention\", \"tanh\": [kernel, bias], \"sigmoid\": [kernel, bias], \"score\": [kernel, bias]}] "
            + "with paths as `cutis inspect` shows them; or save the head with built-in layers."
    }

    private static func visit(_ model: KerasModelDefinition, _ body: (KerasLayerDefinition) -> Void) {
        for layer in model.layers { visit(layer, body) }
    }

    private static func visit(_ layer: KerasLayerDefinition, _ body: (KerasLayerDefinition) -> Void) {
        body(layer)
        if case .model(let inner) = layer.kind { visit(inner, body) }
        for wrapped in layer.wrapped { visit(wrapped, body) }
    }
}
