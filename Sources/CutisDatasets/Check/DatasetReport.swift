public import CutisCore

/// One thing that a check found.
public struct DatasetFinding: Sendable, Hashable {
    /// Whether training must not start, or should be thought about.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        case error, warning
    }

    /// What kind of thing it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An image file that is not there.
        case missing
        /// A file that cannot be decoded.
        case unreadable
        /// One image, by name or by its pixels, with different labels.
        case labelConflict = "label-conflict"
        /// A lesion whose images have different labels.
        case lesionConflict = "lesion-conflict"
        /// A lesion in two splits.
        case lesionLeak = "lesion-leak"
        /// A patient in two splits.
        case patientLeak = "patient-leak"
        /// Equal pixels in two splits.
        case duplicateLeak = "duplicate-leak"
        /// Images that look alike, in two splits.
        case nearDuplicateLeak = "near-duplicate-leak"
        /// Equal pixels more than once.
        case duplicate
        /// Images that look alike.
        case nearDuplicate = "near-duplicate"
        /// A label outside of the given set.
        case unknownLabel = "unknown-label"
        /// A class without any image.
        case emptyClass = "empty-class"
        /// A part of the data without a class.
        case classMissingInSplit = "class-missing-in-split"
        /// Samples without a label.
        case unlabelled
        /// Samples without a split, where others have one.
        case unassigned
    }

    /// How grave it is.
    public let severity: Severity
    /// What it is.
    public let kind: Kind
    /// One sentence.
    public let message: String
    /// The names of the samples that it is about.
    public let samples: [String]

    /// Joins the parts.
    public init(_ severity: Severity, _ kind: Kind, _ message: String, samples: [String] = []) {
        self.severity = severity
        self.kind = kind
        self.message = message
        self.samples = samples
    }
}

/// What `DatasetCheck` found in a data set.
public struct DatasetReport: Sendable {
    /// What was checked.
    public let source: String
    /// How many samples there are: images, or cases.
    public let sampleCount: Int
    /// How many different images the samples have.
    public let imageCount: Int
    /// How many images were decoded without fault.
    public let readableCount: Int
    /// Distinct patients; nil where the data names none.
    public let patientCount: Int?
    /// Distinct lesions; nil where the data names none.
    public let lesionCount: Int?
    /// How many samples each class has, in all and by split.
    public let classes: [ClassCount]
    /// How many samples each split has; empty where the data assigns none.
    public let splits: [SplitName: Int]
    /// Errors first, each kind together.
    public let findings: [DatasetFinding]

    /// The samples of one class.
    public struct ClassCount: Sendable, Hashable {
        /// The class's short name.
        public let id: String
        /// Samples in all parts together.
        public let total: Int
        /// Samples by part.
        public let bySplit: [SplitName: Int]
    }

    /// What must be mended before training.
    public var errors: [DatasetFinding] { findings.filter { $0.severity == .error } }
    /// What should be thought about.
    public var warnings: [DatasetFinding] { findings.filter { $0.severity == .warning } }
    /// The largest class divided by the smallest one; nil where a class is empty.
    public var imbalance: Double? {
        guard let most = classes.map(\.total).max(), let least = classes.map(\.total).min(), least > 0 else {
            return nil
        }
        return Double(most) / Double(least)
    }

    /// The documented JSON of `cutis data check --format json`.
    public var json: OrderedJSON {
        let names = SplitName.allCases.filter { splits[$0] != nil }
        func counts(_ counts: [SplitName: Int]) -> OrderedJSON {
            names.reduce(.object([])) { $0.appending([$1.rawValue: .integer(counts[$1] ?? 0)]) }
        }
        return .object([
            "source": .string(source), "samples": .integer(sampleCount), "images": .integer(imageCount),
            "readable": .integer(readableCount), "patients": patientCount.map { .integer($0) } ?? .null,
            "lesions": lesionCount.map { .integer($0) } ?? .null, "imbalance": imbalance.map { .number($0) } ?? .null,
            "splits": counts(splits),
            "classes": .array(
                classes.map { each in
                    .object([
                        "id": .string(each.id), "total": .integer(each.total), "splits": counts(each.bySplit),
                    ])
                }),
            "errors": .integer(errors.count), "warnings": .integer(warnings.count),
            "findings": .array(
                findings.map { finding in
                    .object([
                        "severity": .string(finding.severity.rawValue), "kind": .string(finding.kind.rawValue),
                        "message": .string(finding.message), "samples": .array(finding.samples.map { .string($0) }),
                    ])
                }),
        ])
    }
}
