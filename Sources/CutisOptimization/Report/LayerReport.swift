import CutisCore

/// What became of a layer that could be int8.
public struct LayerReport: Sendable, Hashable {
    /// The canonical name.
    public let name: String
    /// ‖int8 result − float result‖ / ‖float result‖ on the sampled calibration inputs.
    public let error: Double
    /// The exponent of the smoothing factors; nil without smoothing.
    public let exponent: Double?
    /// Why the layer stays in floating point; nil where it is int8.
    public let keptBecause: String?

    /// The facts with their documented keys.
    var json: OrderedJSON {
        .object([
            "layer": .string(name), "error": .number(error), "smoothing": exponent.map { .number($0) } ?? .null,
            "kept_because": .optional(keptBecause),
        ])
    }
}
