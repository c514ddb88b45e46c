/// The names of one published layout: which tensors of a checkpoint make each canonical weight.
///
/// A layout is a table. A new dialect of a known architecture needs a new table and no new code. What a checkpoint
/// holds beyond the table must be listed as ignorable with its reason, else loading fails.
public struct KeyLayout: Sendable, Hashable, Identifiable {
    /// One line of the table.
    public struct Rule: Sendable, Hashable {
        /// The template of the canonical names.
        public let target: String
        /// What makes them.
        public let source: WeightSource
    }

    /// Tensors that may be present and are not used.
    public struct Ignorable: Sendable, Hashable {
        /// The template of their names.
        public let keys: String
        /// Why they are not used.
        public let reason: String
    }

    /// The name of the layout in bundles, such as `hf-vit`.
    public let id: String
    /// The table; the first rule that matches counts.
    public let rules: [Rule]
    /// What is left out on purpose.
    public let ignorable: [Ignorable]
    /// The spellings of `{p}`; the first one with which an anchor exists is used.
    public let prefixes: [String]
    /// Keys of which every checkpoint of this layout has one.
    public let anchors: [String]
    /// Canonical names without a rule stand for themselves.
    public let isIdentity: Bool

    private let targets: [KeyPattern]
    private let unused: [KeyPattern]

    /// Makes a table.
    ///
    /// - Parameters:
    ///   - anchors: keys (templates with `{p}`) of which every checkpoint of this layout has one.
    ///   - rules: canonical template and source, in order of precedence.
    ///   - ignorable: templates of unused names and the reason of each.
    public init(
        _ id: String, anchors: [String], prefixes: [String] = [""], isIdentity: Bool = false,
        ignorable: KeyValuePairs<String, String> = [:], rules: KeyValuePairs<String, WeightSource>
    ) {
        self.id = id
        self.anchors = anchors
        self.prefixes = prefixes
        self.isIdentity = isIdentity
        self.ignorable = ignorable.map { Ignorable(keys: $0.key, reason: $0.value) }
        self.rules = rules.map { Rule(target: $0.key, source: $0.value) }
        targets = self.rules.map { KeyPattern($0.target) }
        unused = self.ignorable.map { KeyPattern($0.keys) }
    }

    /// The prefix that a checkpoint with these keys uses.
    public func prefix(of keys: some Collection<String>) -> String {
        let present = Set(keys)
        return prefixes.first { prefix in
            anchors.contains { present.contains(KeyPattern($0).expand(KeyPattern.Captures(prefix: prefix))) }
        } ?? prefixes.first ?? ""
    }

    /// The source of a canonical weight, or nil where the layout has no such weight.
    public func source(of name: String, prefix: String) -> WeightSource? {
        for (rule, target) in zip(rules, targets) {
            guard var captures = target.match(name) else { continue }
            captures.prefix = prefix
            return rule.source.expanded(captures)
        }
        return isIdentity ? .same(name) : nil
    }

    /// Why a key of the checkpoint may be left out, or nil where it may not.
    public func reasonToIgnore(_ key: String, prefix: String) -> String? {
        zip(ignorable, unused).first { $1.match(key, prefix: prefix) != nil }?.0.reason
    }
}

extension KeyLayout: CustomStringConvertible {
    /// The whole table, one rule a line.
    public var description: String {
        let width = rules.map(\.target.count).max() ?? 0
        let table = rules.map { rule in
            rule.target + String(repeating: " ", count: width - rule.target.count) + " <- \(rule.source)"
        }
        let leftOut = ignorable.map { "ignored: \($0.keys) (\($0.reason))" }
        return ([id] + (isIdentity ? ["every name stands for itself"] : []) + table + leftOut).joined(separator: "\n")
    }
}
