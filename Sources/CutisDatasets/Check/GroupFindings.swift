import CutisCore
import CutisFormats

/// Lesions and patients that are in two splits, and lesions with two labels.
struct GroupFindings {
    let facts: DatasetFacts
    let allowsLeak: Bool

    func all() -> [DatasetFinding] {
        leaks(of: \.patientID, "patient", .patientLeak) + leaks(of: \.lesionID, "lesion", .lesionLeak)
            + lesionConflicts()
    }

    private func leaks(
        of fact: KeyPath<SampleFacts, String?>, _ noun: String, _ kind: DatasetFinding.Kind
    ) -> [DatasetFinding] {
        groups(fact).compactMap { name, samples in
            facts.crossedSplits(samples).map { splits in
                DatasetFinding(
                    allowsLeak ? .warning : .error, kind,
                    "The \(noun) \(quoted(name)) is in \(splits.joined(separator: " and ")).",
                    samples: facts.names(samples))
            }
        }
    }

    /// Single-label data only: of a multi-label lesion two images can rightly show different things.
    private func lesionConflicts() -> [DatasetFinding] {
        guard facts.dataset.samples.allSatisfy({ $0.labels.count <= 1 }) else { return [] }
        return groups(\.lesionID).compactMap { name, samples in
            facts.conflictingLabels(samples).map { labels in
                DatasetFinding(
                    .warning, .lesionConflict, "The lesion \(quoted(name)) is \(labels.joined(separator: " and ")).",
                    samples: facts.names(samples))
            }
        }
    }

    private func groups(_ fact: KeyPath<SampleFacts, String?>) -> [(String, [Int])] {
        let samples = facts.dataset.samples
        let known = samples.indices.filter { samples[$0].facts[keyPath: fact] != nil }
        return Dictionary(grouping: known) { samples[$0].facts[keyPath: fact] ?? "" }
            .filter { $0.value.count > 1 }.sorted { $0.value[0] < $1.value[0] }.map { ($0.key, $0.value) }
    }
}
