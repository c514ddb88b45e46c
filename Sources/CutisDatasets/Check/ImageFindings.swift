import CutisCore
import CutisFormats

/// What decoding the images showed: files that cannot be read, and images that occur more than once.
struct ImageFindings {
    let facts: DatasetFacts
    let scan: ImageScan
    let allowsLeak: Bool

    func all(distance: Int?) -> [DatasetFinding] {
        let search = DuplicateSearch(scan, distance: distance)
        return unreadable() + repeatedNames() + exact(search.exact) + near(search.near)
    }

    private func unreadable() -> [DatasetFinding] {
        zip(facts.images, scan.results).compactMap { image, result in
            guard case .failure(let error) = result else { return nil }
            let kind: DatasetFinding.Kind = error.code == .fileNotFound ? .missing : .unreadable
            return DatasetFinding(.error, kind, error.message, samples: facts.names(image.samples))
        }
    }

    /// One file in several rows.
    private func repeatedNames() -> [DatasetFinding] {
        facts.images.filter { $0.samples.count > 1 }.flatMap { image in
            same(image.samples, "The image \(quoted(facts.names([image.samples[0]])[0])) is named more than once")
        }
    }

    private func exact(_ groups: [[Int]]) -> [DatasetFinding] {
        groups.flatMap { group in
            let samples = group.flatMap { facts.images[$0].samples }
            return same(samples, "\(group.count) files have the same pixels")
        }
    }

    /// What is to say of samples that show the very same image.
    private func same(_ samples: [Int], _ what: String) -> [DatasetFinding] {
        let names = facts.names(samples)
        var findings: [DatasetFinding] = []
        if let labels = facts.conflictingLabels(samples) {
            findings.append(
                DatasetFinding(
                    .error, .labelConflict, "\(what) under different labels: \(labels.joined(separator: ", ")).",
                    samples: names))
        }
        if let splits = facts.crossedSplits(samples) {
            findings.append(
                DatasetFinding(
                    allowsLeak ? .warning : .error, .duplicateLeak,
                    "\(what), in \(splits.joined(separator: " and ")).", samples: names))
        }
        return findings.isEmpty ? [DatasetFinding(.warning, .duplicate, "\(what).", samples: names)] : findings
    }

    /// Likeness is a hint, never a proof, so it is always a warning.
    private func near(_ groups: [[Int]]) -> [DatasetFinding] {
        groups.map { group in
            let samples = group.flatMap { facts.images[$0].samples }
            var message = "\(group.count) images look alike"
            var kind = DatasetFinding.Kind.nearDuplicate
            if let splits = facts.crossedSplits(samples) {
                kind = .nearDuplicateLeak
                message += ", in \(splits.joined(separator: " and "))"
            }
            if let labels = facts.conflictingLabels(samples) { message += " (\(labels.joined(separator: ", ")))" }
            return DatasetFinding(.warning, kind, message + ".", samples: facts.names(samples))
        }
    }
}
