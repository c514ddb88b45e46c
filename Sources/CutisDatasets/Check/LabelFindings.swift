import CutisCore
import CutisFormats

/// What is wrong with the labels of a data set.
struct LabelFindings {
    let facts: DatasetFacts
    let expected: [String]?
    let positive: String?

    private var dataset: Dataset { facts.dataset }

    func all() -> [DatasetFinding] {
        unknownLabels() + emptyClasses() + missingInSplits() + unlabelled() + unassigned()
    }

    private func unknownLabels() -> [DatasetFinding] {
        guard let expected else { return [] }
        let known = Set(expected)
        var samples: [Int: [Int]] = [:]
        for (index, sample) in dataset.samples.enumerated() {
            for label in Set(sample.labels) where !known.contains(facts.classCounts[label].id) {
                samples[label, default: []].append(index)
            }
        }
        return samples.sorted { $0.key < $1.key }.map { label, own in
            let name = quoted(facts.classCounts[label].id)
            return DatasetFinding(
                .error, .unknownLabel, "The label \(name) of \(own.count) samples is not in the given set.",
                samples: facts.names(own))
        }
    }

    private func emptyClasses() -> [DatasetFinding] {
        let counts = Dictionary(facts.classCounts.map { ($0.id, $0.total) }) { first, _ in first }
        let names = expected ?? facts.classCounts.map(\.id)
        return names.filter { (counts[$0] ?? 0) == 0 }.map {
            DatasetFinding(.error, .emptyClass, "The class \(quoted($0)) has no image.")
        }
    }

    /// A class that cannot be learnt, or whose figures cannot be measured.
    private func missingInSplits() -> [DatasetFinding] {
        var findings: [DatasetFinding] = []
        for split in SplitName.allCases where facts.splitCounts[split] != nil {
            for each in facts.classCounts where each.total > 0 && (each.bySplit[split] ?? 0) == 0 {
                let isPositive = each.id == positive || (positive == nil && facts.classCounts.count == 2)
                let severity: DatasetFinding.Severity = isPositive || split == .train ? .error : .warning
                findings.append(
                    DatasetFinding(
                        severity, .classMissingInSplit,
                        "The \(split.rawValue) split has no \(quoted(each.id)), of which there are \(each.total)."))
            }
        }
        return findings
    }

    private func unlabelled() -> [DatasetFinding] {
        guard dataset.labels.count > 0 else { return [] }
        let samples = dataset.samples.indices.filter { dataset.samples[$0].labels.isEmpty }
        guard !samples.isEmpty else { return [] }
        return [
            DatasetFinding(
                .warning, .unlabelled, "\(samples.count) samples have no label.", samples: facts.names(samples))
        ]
    }

    private func unassigned() -> [DatasetFinding] {
        guard !facts.splitCounts.isEmpty else { return [] }
        let samples = dataset.samples.indices.filter { dataset.samples[$0].split == nil }
        guard !samples.isEmpty else { return [] }
        return [
            DatasetFinding(
                .warning, .unassigned, "\(samples.count) samples are in no split, where others are.",
                samples: facts.names(samples))
        ]
    }
}
