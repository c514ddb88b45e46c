/// One class that a model can name.
public struct DiagnosisLabel: Codable, Sendable, Hashable {
    /// The short name used in the training data, such as `mel`.
    public var id: String
    /// The name in words, such as `Melanoma`.
    public var label: String
    /// A clinical code with its system, such as `ICD-11:2C30` or `SNOMED-CT:372244006`; nil where none fits.
    public var code: String?

    /// Makes a label.
    public init(id: String, label: String, code: String? = nil) {
        self.id = id
        self.label = label
        self.code = code
    }
}

/// The ordered classes of a model's output: the label at index i names logit i.
public struct LabelSet: Codable, Sendable, Hashable {
    /// The labels in the order of the model's outputs.
    public var labels: [DiagnosisLabel]

    /// Makes a label set; the order is the order of the model's outputs.
    public init(_ labels: [DiagnosisLabel]) {
        self.labels = labels
    }

    /// How many classes there are.
    public var count: Int { labels.count }

    /// The position of a label by its id.
    public func index(of id: String) -> Int? {
        labels.firstIndex { $0.id == id }
    }

    /// Reads and writes the bare array of labels.
    public init(from decoder: any Decoder) throws {
        labels = try decoder.singleValueContainer().decode([DiagnosisLabel].self)
    }

    /// Reads and writes the bare array of labels.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(labels)
    }

    /// The seven diagnoses of HAM10000 (Tschandl et al. 2018) with their ICD-11 codes.
    ///
    /// `akiec`, `bkl` and `vasc` each join several diagnoses that no single code covers, so they have none.
    public static let ham10000 = LabelSet([
        DiagnosisLabel(id: "akiec", label: "Actinic keratosis or intraepithelial carcinoma"),
        DiagnosisLabel(id: "bcc", label: "Basal cell carcinoma", code: "ICD-11:2C32"),
        DiagnosisLabel(id: "bkl", label: "Benign keratosis-like lesion"),
        DiagnosisLabel(id: "df", label: "Dermatofibroma", code: "ICD-11:2F23.0"),
        DiagnosisLabel(id: "mel", label: "Melanoma", code: "ICD-11:2C30"),
        DiagnosisLabel(id: "nv", label: "Melanocytic nevus", code: "ICD-11:2F20.Z"),
        DiagnosisLabel(id: "vasc", label: "Vascular lesion"),
    ])
}
