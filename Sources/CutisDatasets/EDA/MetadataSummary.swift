import CutisCore

/// What is known about a data set's patients and lesions, as counts; no identifier and no free text is kept.
public struct MetadataSummary: Sendable, Hashable {
    /// How often each column is filled.
    public let columns: [ColumnCoverage]
    /// Counts by age, sex, site and skin type.
    public let subgroups: [SubgroupCounts]
    /// Counts of each part of the data and class; empty where the data assigns no parts.
    public let splits: SubgroupCounts?
    /// Different patients; nil where none is named.
    public let patientCount: Int?
    /// Different lesions; nil where none is named.
    public let lesionCount: Int?

    /// The most frequent body sites that get a row of their own.
    static let valueLimit = 30

    init(_ dataset: Dataset) {
        let samples = dataset.samples
        columns = Self.coverage(samples)
        let count = dataset.labels.count
        subgroups = [
            SubgroupCounts("Age", samples, count, order: Self.ageBands) { $0.facts.age.flatMap(Self.ageBand) },
            SubgroupCounts("Sex", samples, count) { Self.known($0.facts.sex) },
            SubgroupCounts("Site", samples, count) { Self.known($0.facts.site) },
            SubgroupCounts("Fitzpatrick skin type", samples, count, order: Self.skinTypes) {
                $0.facts.fitzpatrick.flatMap { (1...6).contains($0) ? Self.skinTypes[$0 - 1] : nil }
            },
        ]
        splits =
            samples.contains { $0.split != nil }
            ? SubgroupCounts("Split", samples, count, order: SplitName.allCases.map(\.rawValue)) { $0.split?.rawValue }
            : nil
        let patients = Set(samples.compactMap(\.facts.patientID))
        let lesions = Set(samples.compactMap(\.facts.lesionID))
        patientCount = patients.isEmpty ? nil : patients.count
        lesionCount = lesions.isEmpty ? nil : lesions.count
    }

    private static let ageBands = ["0–19", "20–39", "40–59", "60–79", "80 and above"]
    private static let skinTypes = ["I", "II", "III", "IV", "V", "VI"]

    private static func ageBand(_ age: Double) -> String? {
        guard age.isFinite, age >= 0 else { return nil }
        return ageBands[min(Int(min(age, 200) / 20), ageBands.count - 1)]
    }

    /// The value in lower case; nil for the words that data sets write where nothing is known.
    private static func known(_ value: String?) -> String? {
        guard let text = value?.lowercased(), !["", "unknown", "nan", "none", "n/a", "not specified"].contains(text)
        else { return nil }
        return text
    }

    private static func coverage(_ samples: [DatasetSample]) -> [ColumnCoverage] {
        var columns = [
            ColumnCoverage("label", samples.count { !$0.labels.isEmpty }, of: samples.count),
            ColumnCoverage("patient_id", samples.count { known($0.facts.patientID) != nil }, of: samples.count),
            ColumnCoverage("lesion_id", samples.count { known($0.facts.lesionID) != nil }, of: samples.count),
            ColumnCoverage("age", samples.count { $0.facts.age != nil }, of: samples.count),
            ColumnCoverage("sex", samples.count { known($0.facts.sex) != nil }, of: samples.count),
            ColumnCoverage("site", samples.count { known($0.facts.site) != nil }, of: samples.count),
            ColumnCoverage("fitzpatrick", samples.count { $0.facts.fitzpatrick != nil }, of: samples.count),
        ]
        var others: [String: Int] = [:]
        for sample in samples {
            for (name, value) in sample.facts.other where known(value) != nil { others[name, default: 0] += 1 }
        }
        columns += others.sorted { $0.key < $1.key }.map { ColumnCoverage($0.key, $0.value, of: samples.count) }
        return columns
    }
}

/// How often one column of the metadata is filled.
public struct ColumnCoverage: Sendable, Hashable {
    /// The column's name.
    public let name: String
    /// Samples with a value.
    public let known: Int
    /// Samples without.
    public let missing: Int

    init(_ name: String, _ known: Int, of count: Int) {
        self.name = name
        self.known = known
        missing = count - known
    }

    /// The share of samples without a value.
    public var missingShare: Double { Double(missing) / Double(max(known + missing, 1)) }
}

/// Samples counted by one property and by class.
public struct SubgroupCounts: Sendable, Hashable {
    /// The property.
    public let name: String
    /// Its values; `unknown` is the last.
    public let rows: [Row]

    /// One value of the property.
    public struct Row: Sendable, Hashable {
        /// The value, or `unknown`.
        public let value: String
        /// Samples with it.
        public let count: Int
        /// Those of each class.
        public let classCounts: [Int]
    }

    /// Counts samples.
    ///
    /// - Parameters:
    ///   - order: the values that always have a row, in their order; others follow by frequency, the rarest together.
    ///   - value: a sample's value; nil where it is unknown.
    init(
        _ name: String, _ samples: [DatasetSample], _ classCount: Int, order: [String] = [],
        value: (DatasetSample) -> String?
    ) {
        var counts: [String: (count: Int, classes: [Int])] = [:]
        let none = (count: 0, classes: [Int](repeating: 0, count: classCount))
        var unknown = none
        func add(_ labels: [Int], to entry: inout (count: Int, classes: [Int])) {
            entry.count += 1
            for label in labels { entry.classes[label] += 1 }
        }
        for sample in samples {
            if let own = value(sample) {
                add(sample.labels, to: &counts[own, default: none])
            } else {
                add(sample.labels, to: &unknown)
            }
        }
        let others = counts.filter { !order.contains($0.key) }.sorted {
            ($1.value.count, $0.key) < ($0.value.count, $1.key)
        }
        var rows = order.map { Row($0, counts[$0] ?? none) }
        rows += others.prefix(MetadataSummary.valueLimit).map { Row($0.key, $0.value) }
        let rest = others.dropFirst(MetadataSummary.valueLimit)
        if !rest.isEmpty {
            let joined = rest.reduce(into: none) { sum, one in
                sum.count += one.value.count
                for index in sum.classes.indices { sum.classes[index] += one.value.classes[index] }
            }
            rows.append(Row("\(rest.count) other values", joined))
        }
        self.name = name
        self.rows = rows + [Row("unknown", unknown)]
    }

    /// Whether any sample has a value.
    public var isKnown: Bool { rows.dropLast().contains { $0.count > 0 } }
}

extension SubgroupCounts.Row {
    fileprivate init(_ value: String, _ entry: (count: Int, classes: [Int])) {
        self.init(value: value, count: entry.count, classCounts: entry.classes)
    }
}
