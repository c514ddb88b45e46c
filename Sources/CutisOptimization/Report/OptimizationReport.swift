public import CutisCore
public import CutisInference

/// What `cutis optimize` measured.
public struct OptimizationReport: Sendable {
    /// One model of the comparison.
    public struct Column: Sendable {
        /// What it is, in a word or two.
        public let name: String
        /// The size of the weights in bytes; nil for a model that is never written.
        public let bytes: Int?
        /// How fast it is; nil where that was not measured.
        public let performance: PerformanceFigures?
        /// How right it is.
        public let accuracy: AccuracyFigures
    }

    /// The id and version of the given bundle.
    public let source: ModelIdentity
    /// The precision of the new bundle.
    public let precision: Precision
    /// What the candidate was computed in on this machine: fp32 where the CPU does not have the precision.
    public let computed: Precision
    /// How scales were found, of int8 bundles.
    public let method: OptimizationRequest.Method?
    /// How the ranges of activations were found, of int8 bundles.
    public let range: OptimizationRequest.RangeSearch?
    /// How many images calibrated.
    public let calibrationImages: Int
    /// Whether the figures are from a labelled table; otherwise from the calibration images.
    public let hasLabels: Bool
    /// The given bundle in fp32, the new one, and the plain conversion where it was asked for.
    public let columns: [Column]
    /// Every layer that could be int8, in the order of the network.
    public let layers: [LayerReport]
    /// What was allowed to be lost.
    public let budget: AccuracyBudget
    /// What was lost beyond the budget, in sentences; empty where the bundle was written.
    public let violations: [String]

    /// The documented JSON, as it is stored in the bundle.
    public var json: OrderedJSON {
        let models = columns.map { column in
            OrderedJSON.object([
                "model": .string(column.name), "weights_bytes": column.bytes.map { .integer($0) } ?? .null,
                "performance": column.performance?.json ?? .null, "agreement": column.accuracy.agreement.json,
                "diagnosis": column.accuracy.diagnosis?.json ?? .null,
            ])
        }
        return .object([
            "source": .string(source.id), "version": .string(source.version),
            "precision": .string(precision.rawValue), "computed_in": .string(computed.rawValue),
            "method": .optional(method?.rawValue), "range": .optional(range?.rawValue),
            "calibration_images": .integer(calibrationImages), "labels": .bool(hasLabels),
            "models": .array(models), "layers": .array(layers.map(\.json)),
            "budget": .object([
                "sensitivity_points": .number(budget.sensitivityLoss), "auc": .number(budget.areaLoss),
                "mean_cosine": .number(budget.cosine),
            ]),
            "violations": .array(violations.map { .string($0) }),
        ])
    }
}
