public import CutisCore

/// What distinguishes one version of a data set from another.
public struct ManifestDiff: Sendable {
    /// One sample before and after.
    public struct Change: Sendable, Hashable {
        /// The sample.
        public let id: String
        /// What it was: labels or a split.
        public let old: String
        /// What it is.
        public let new: String

        /// Joins the parts.
        public init(id: String, old: String, new: String) {
            self.id = id
            self.old = old
            self.new = new
        }
    }

    /// Samples that only the second has.
    public let added: [String]
    /// Samples that only the first has.
    public let removed: [String]
    /// Samples with other images under the same name.
    public let changed: [String]
    /// Samples with other labels.
    public let relabelled: [Change]
    /// Samples in another split.
    public let moved: [Change]
    /// The classes of both, where they or their order differ.
    public let classes: (old: [String], new: [String])?

    /// Compares two manifests sample by sample, by name.
    public init(from old: DatasetManifest, to new: DatasetManifest) {
        let before = Dictionary(old.entries.map { ($0.id, $0) }) { first, _ in first }
        let after = Set(new.entries.map(\.id))
        var (added, changed) = ([String](), [String]())
        var (relabelled, moved) = ([Change](), [Change]())
        for entry in new.entries {
            guard let other = before[entry.id] else {
                added.append(entry.id)
                continue
            }
            if entry.images.map(\.sha256) != other.images.map(\.sha256) { changed.append(entry.id) }
            if entry.labels != other.labels {
                relabelled.append(Change(id: entry.id, old: Self.text(other.labels), new: Self.text(entry.labels)))
            }
            if entry.split != other.split {
                moved.append(
                    Change(id: entry.id, old: other.split?.rawValue ?? "none", new: entry.split?.rawValue ?? "none"))
            }
        }
        self.added = added
        self.changed = changed
        self.relabelled = relabelled
        self.moved = moved
        removed = old.entries.map(\.id).filter { !after.contains($0) }
        classes = old.labels == new.labels ? nil : (old.labels, new.labels)
    }

    /// Whether nothing differs.
    public var isEmpty: Bool {
        added.isEmpty && removed.isEmpty && changed.isEmpty && relabelled.isEmpty && moved.isEmpty && classes == nil
    }

    /// The documented JSON of `cutis data diff --format json`.
    public var json: OrderedJSON {
        func list(_ names: [String]) -> OrderedJSON { .array(names.map { .string($0) }) }
        func changes(_ changes: [Change]) -> OrderedJSON {
            .array(
                changes.map { .object(["id": .string($0.id), "old": .string($0.old), "new": .string($0.new)]) })
        }
        return .object([
            "added": list(added), "removed": list(removed), "changed": list(changed),
            "relabelled": changes(relabelled), "moved": changes(moved),
            "classes": classes.map { .object(["old": list($0.old), "new": list($0.new)]) } ?? .null,
        ])
    }

    private static func text(_ labels: [String]) -> String {
        labels.isEmpty ? "none" : labels.joined(separator: " + ")
    }
}
