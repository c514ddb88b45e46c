import CutisCore
import CutisDatasets

/// Where the images come from and how they are parted: the section `data`.
public struct DataConfiguration: ConfigurationSection {
    /// How images are parted into training, validation and test.
    public enum Split: Sendable, Hashable {
        /// As the data set itself says.
        case given
        /// By a table with the columns `image` and `split`.
        case table(String)
        /// At random: the shares of validation and test.
        case shares(validation: Double, test: Double)
        /// The given one of so many folds validates; a share of the rest is kept as the test.
        case folds(count: Int, index: Int, test: Double)
    }

    /// What never has images in two parts.
    public enum Grouping: String, Sendable, Hashable, CaseIterable {
        /// Patients where they are known, else lesions where they are known, else images.
        case auto
        /// All images of a patient stay together.
        case patient
        /// All images of a lesion stay together.
        case lesion
        /// Every image stands for itself.
        case none
    }

    /// The forms of data sets that may be named.
    static let kinds = DatasetKind.allCases.map(\.rawValue)

    /// The folder, table or archive; relative paths begin at the folder that the command runs in.
    public var path = ""
    /// The form of the data set; nil recognises it.
    public var kind: String?
    /// How the images are parted.
    public var split = Split.shares(validation: 0.15, test: 0.15)
    /// What never has images in two parts.
    public var grouping = Grouping.auto
    /// The classes to learn, in the order of their indices; empty for all.
    public var labels: [String] = []
    /// Goes on where a lesion or a patient is in two parts.
    public var allowsLeak = false
    /// How many images may fail before the training stops.
    public var maximumImageErrors = 10

    /// The defaults.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.text("path", &path)
        try coder.text("kind", &kind)
        if let kind, !Self.kinds.contains(kind) {
            let near = NearestName.of(kind, among: Self.kinds).map { "; did you mean '\($0)'" } ?? ""
            throw ConfigurationCoder.invalid(
                coder.place("kind"),
                "is '\(kind.prefix(60))', which is none of "
                    + Self.kinds.joined(separator: ", ") + near)
        }
        try coder.field(
            "split", &split, decode: { value, path throws(CutisError) in try Self.split(value, path) },
            encode: { value throws(CutisError) in Self.value(of: value) })
        try coder.choice("grouping", &grouping)
        try coder.texts("labels", &labels)
        guard Set(labels).count == labels.count, labels.count != 1 else {
            throw ConfigurationCoder.invalid(coder.place("labels"), "must name two or more different classes")
        }
        try coder.flag("allow_leak", &allowsLeak)
        try coder.integer("maximum_image_errors", &maximumImageErrors, in: 0...1_000_000)
    }

    /// The keys of a split in a file.
    private struct SplitSection: ConfigurationSection {
        var table: String?
        var validation: Double?
        var test: Double?
        var folds: Int?
        var fold: Int?

        mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
            try coder.text("table", &table)
            try coder.number("validation", &validation, in: 0...0.9, positive: true)
            try coder.number("test", &test, in: 0...0.9)
            try coder.integer("folds", &folds, in: 2...100)
            try coder.integer("fold", &fold, in: 0...99)
        }
    }

    private static func split(_ value: ConfigurationValue, _ path: String) throws(CutisError) -> Split {
        if value == .text("given") { return .given }
        guard case .section = value else {
            throw ConfigurationCoder.mismatch(
                path, expected: "'given' or a section with table, with validation and test, or with folds and fold",
                found: value)
        }
        let keys = try ConfigurationCoder.read(SplitSection.self, value, path: path)
        if let table = keys.table, keys.validation == nil, keys.test == nil, keys.folds == nil, keys.fold == nil {
            return .table(table)
        }
        if let folds = keys.folds, keys.table == nil, keys.validation == nil {
            let fold = keys.fold ?? 0
            guard fold < folds else {
                throw ConfigurationCoder.invalid("\(path).fold", "is \(fold); it must be below \(folds)")
            }
            return .folds(count: folds, index: fold, test: keys.test ?? 0)
        }
        if let validation = keys.validation, keys.table == nil, keys.fold == nil {
            let test = keys.test ?? 0
            guard validation + test <= 0.9 else {
                throw ConfigurationCoder.invalid(path, "leaves less than a tenth for training")
            }
            return .shares(validation: validation, test: test)
        }
        throw ConfigurationCoder.invalid(
            path, "needs either table, or validation (and test), or folds and fold (and test)")
    }

    private static func value(of split: Split) -> ConfigurationValue {
        func section(_ pairs: KeyValuePairs<String, ConfigurationValue>) -> ConfigurationValue {
            .section(pairs.map { .init(key: $0.key, value: $0.value) })
        }
        return switch split {
        case .given: .text("given")
        case .table(let path): section(["table": .text(path)])
        case .shares(let validation, let test): section(["validation": .number(validation), "test": .number(test)])
        case .folds(let count, let index, let test):
            section(["folds": .integer(count), "fold": .integer(index), "test": .number(test)])
        }
    }
}
