/// One class with its probability.
public struct ClassProbability: Sendable, Hashable {
    /// The class.
    public let label: DiagnosisLabel
    /// The probability, 0…1.
    public let probability: Double

    /// Joins a label and its probability.
    public init(_ label: DiagnosisLabel, probability: Double) {
        self.label = label
        self.probability = probability
    }

    /// `id`, `label`, `code` (null where there is none) and `probability`.
    public var json: OrderedJSON {
        .object([
            "id": .string(label.id), "label": .string(label.label), "code": .optional(label.code),
            "probability": .number(probability),
        ])
    }
}

/// Which model gave an answer.
public struct ModelIdentity: Sendable, Hashable {
    /// The bundle's id.
    public let id: String
    /// The bundle's semantic version.
    public let version: String

    /// Names a model.
    public init(id: String, version: String) {
        self.id = id
        self.version = version
    }
}

/// The answer of a classifier for one image.
public struct Classification: Sendable {
    /// The path or name of the image.
    public let image: String
    /// The model that answered.
    public let model: ModelIdentity
    /// All classes, most probable first.
    public let classes: [ClassProbability]
    /// What the bundle's rules recommend for this answer.
    public let recommendation: String
    /// Decode, preprocessing and model together, in milliseconds.
    public let latencyMilliseconds: Double

    /// Joins the parts of an answer; `classes` may come in any order.
    public init(
        image: String, model: ModelIdentity, classes: [ClassProbability], recommendation: String,
        latencyMilliseconds: Double
    ) {
        self.image = image
        self.model = model
        self.classes = classes.sorted { $0.probability > $1.probability }
        self.recommendation = recommendation
        self.latencyMilliseconds = latencyMilliseconds
    }

    /// The documented JSON of one image; `top` limits `classes`.
    public func json(top: Int? = nil) -> OrderedJSON {
        .object([
            "image": .string(image), "model": .string(model.id), "version": .string(model.version),
            "primary": classes.first?.json ?? .null,
            "classes": .array(classes.prefix(top ?? classes.count).map(\.json)),
            "recommendation": .string(recommendation),
            "latency_ms": .number((latencyMilliseconds * 10).rounded() / 10),
        ])
    }
}

/// What a screening bundle says of one class.
public struct ScreeningFinding: Sendable, Hashable {
    /// The class.
    public let label: DiagnosisLabel
    /// The probability, 0…1.
    public let probability: Double
    /// The class's own threshold, 0…1.
    public let threshold: Double

    /// Joins a class, its probability and its threshold.
    public init(_ label: DiagnosisLabel, probability: Double, threshold: Double) {
        self.label = label
        self.probability = probability
        self.threshold = threshold
    }

    /// Whether the probability reaches the threshold: `probability >= threshold`.
    public var isPositive: Bool { probability >= threshold }
}

/// The answer of a screening bundle for one case of 1–3 images.
public struct Screening: Sendable {
    /// One finding (binary screening) or one per class (multi-label).
    public let findings: [ScreeningFinding]
    /// Whether the bundle is the binary infectious screen, whose JSON has its own fixed keys.
    ///
    /// It is one by its single class, `infectious`.
    public var isBinary: Bool { findings.count == 1 && findings.first?.label.id == "infectious" }
    /// How many images the case has.
    public let imageCount: Int
    /// The share of attention of each image in its order, or nil where the head has none.
    public let attention: [Double]?
    /// The model that answered.
    public let model: ModelIdentity

    /// Joins the parts of an answer; `findings` is not empty.
    public init(
        findings: [ScreeningFinding], imageCount: Int, attention: [Double]?, model: ModelIdentity
    ) {
        self.findings = findings
        self.imageCount = imageCount
        self.attention = attention
        self.model = model
    }

    /// The rule that turns a probability into an answer, in words.
    public static let binaryRule = "Infectious if p_infectious >= threshold"
    /// The rule of a multi-label bundle, in words.
    public static let multiLabelRule = "positive if probability >= threshold of the class"

    /// The documented JSON: the binary screen has exactly `prediction`, `p_infectious`, `threshold`, `image_count`
    /// and `rule`, then `attention`, `model`, `version`; a multi-label bundle has `classes` first.
    public var json: OrderedJSON {
        let tail: KeyValuePairs<String, OrderedJSON> = [
            "attention": attention.map { .array($0.map { .number($0) }) } ?? .null,
            "model": .string(model.id), "version": .string(model.version),
        ]
        if isBinary, let finding = findings.first {
            return OrderedJSON.object([
                "prediction": .string(finding.isPositive ? "Infectious" : "Non Infectious"),
                "p_infectious": .number(finding.probability), "threshold": .number(finding.threshold),
                "image_count": .integer(imageCount), "rule": .string(Self.binaryRule),
            ]).appending(tail)
        }
        let classes = findings.map { finding in
            OrderedJSON.object([
                "id": .string(finding.label.id), "label": .string(finding.label.label),
                "code": .optional(finding.label.code), "probability": .number(finding.probability),
                "threshold": .number(finding.threshold), "positive": .bool(finding.isPositive),
            ])
        }
        return OrderedJSON.object([
            "classes": .array(classes), "image_count": .integer(imageCount), "rule": .string(Self.multiLabelRule),
        ]).appending(tail)
    }
}
