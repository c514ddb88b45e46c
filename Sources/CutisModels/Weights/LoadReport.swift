public import CutisCore

/// What became of every tensor when a model was loaded: all of it at once, not the first problem only.
public struct LoadReport: Sendable, Hashable {
    /// A weight that the checkpoint does not hold.
    public struct Missing: Sendable, Hashable {
        /// The canonical name.
        public let name: String
        /// The names in the checkpoint that would have made it; empty where the layout has no such weight.
        public let keys: [String]

        package init(name: String, keys: [String]) {
            self.name = name
            self.keys = keys
        }
    }

    /// A weight that the checkpoint holds in another form.
    public struct Mismatched: Sendable, Hashable {
        /// The canonical name.
        public let name: String
        /// What makes it.
        public let source: WeightSource
        /// The shape (or type) that the model needs.
        public let expected: String
        /// What the checkpoint has.
        public let found: String

        package init(name: String, source: WeightSource, expected: String, found: String) {
            self.name = name
            self.source = source
            self.expected = expected
            self.found = found
        }
    }

    /// A tensor that is not used, on purpose.
    public struct Ignored: Sendable, Hashable {
        /// Its name in the checkpoint.
        public let key: String
        /// Why.
        public let reason: String

        package init(key: String, reason: String) {
            self.key = key
            self.reason = reason
        }
    }

    /// A weight that is made of stored tensors by more than copying.
    public struct Derived: Sendable, Hashable {
        /// The canonical name.
        public let name: String
        /// What makes it.
        public let source: WeightSource
    }

    /// The file.
    public var path = ""
    /// The layout by which it was read.
    public var layout = ""
    /// Canonical names that were read, in the order of the model.
    public var loaded: [String] = []
    /// Those of `loaded` that are not plain tensors of the file.
    public var derived: [Derived] = []
    /// Weights that the file does not hold.
    public var missing: [Missing] = []
    /// Weights of another shape or type.
    public var mismatched: [Mismatched] = []
    /// Tensors of the file that nothing uses, sorted.
    public var unexpected: [String] = []
    /// Tensors that the layout allows to leave out, sorted.
    public var ignored: [Ignored] = []
    /// Weights with values that are not finite.
    public var notFinite: [String] = []

    /// Whether the model has all its weights and the file has nothing else.
    public var isComplete: Bool {
        missing.isEmpty && mismatched.isEmpty && unexpected.isEmpty && notFinite.isEmpty
    }

    /// The error that lists every problem, or nil where there is none.
    public var error: CutisError? {
        guard !isComplete else { return nil }
        let onlyValues = missing.isEmpty && mismatched.isEmpty && unexpected.isEmpty
        return CutisError(
            onlyValues ? .weightsNotFinite : .checkpointMismatch,
            "\(path) does not fit the model (layout \(layout)): \(summary).\n\(problems)",
            remedy: onlyValues
                ? "The checkpoint is damaged or its training diverged; get it again from its source."
                : "Check that the checkpoint and the configuration belong together (`cutis inspect` shows both).")
    }

    /// Counts in words, such as `2 missing, 1 unexpected`.
    public var summary: String {
        let counts = [
            (missing.count, "missing"), (mismatched.count, "of another shape"), (unexpected.count, "unexpected"),
            (notFinite.count, "not finite"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.isEmpty ? "\(loaded.count) loaded" : parts.joined(separator: ", ")
    }

    /// Every problem on a line of its own.
    private var problems: String {
        let lines =
            missing.map { missing in
                let keys = missing.keys.filter { $0 != missing.name }
                return "  missing: \(missing.name)" + (keys.isEmpty ? "" : " (from \(keys.joined(separator: ", ")))")
            }
            + mismatched.map { "  mismatched: \($0.name) needs \($0.expected), \($0.source) has \($0.found)" }
            + unexpected.map { "  unexpected: \($0)" }
            + notFinite.map { "  not finite: \($0)" }
        return lines.joined(separator: "\n")
    }
}
