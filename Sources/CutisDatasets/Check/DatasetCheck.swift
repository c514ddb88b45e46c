public import CutisCore
public import CutisImaging
import Foundation

/// Validates a data set before anyone trains on it.
public struct DatasetCheck: Sendable {
    /// The only labels that there may be, in the order of the classes; nil accepts what occurs.
    public var labels: [String]?
    /// The class that every split must have, such as `mel`.
    public var positive: String?
    /// Whether a lesion, patient or image in two splits is a warning instead of an error.
    public var allowsLeak: Bool
    /// Whether images are decoded; without it they need not even be there.
    public var readsImages: Bool
    /// In how many bits the perceptual hashes of near-duplicates may differ, 0…15; nil does not search any.
    public var nearDistance: Int?
    /// Whether turned and mirrored copies count as near-duplicates.
    public var matchesOrientations: Bool
    /// Threads that decode.
    public var workers: Int
    /// Bounds of hostile images.
    public var limits: DecodeLimits

    /// Makes a check; see the properties. `workers` is one per core unless told.
    public init(
        labels: [String]? = nil, positive: String? = nil, allowsLeak: Bool = false, readsImages: Bool = true,
        nearDistance: Int? = 8, matchesOrientations: Bool = false, workers: Int? = nil,
        limits: DecodeLimits = DecodeLimits()
    ) {
        self.labels = labels
        self.positive = positive
        self.allowsLeak = allowsLeak
        self.readsImages = readsImages
        self.nearDistance = nearDistance
        self.matchesOrientations = matchesOrientations
        self.workers = workers ?? ProcessInfo.processInfo.activeProcessorCount
        self.limits = limits
    }

    /// Checks a data set; read it with `keepsRepeats`, so that repeated names are reported and not refused.
    ///
    /// - Parameter progress: called with the number of images that were just decoded, from any thread.
    /// - Throws: `.invalidArguments` where `positive` is no class of the data or `nearDistance` is out of range.
    public func run(
        _ dataset: Dataset, progress: @Sendable (Int) -> Void = { _ in }
    ) throws(CutisError) -> DatasetReport {
        if let nearDistance, !(0...HammingIndex.maximumDistance).contains(nearDistance) {
            throw CutisError(
                .invalidArguments, "Near-duplicates cannot be searched at \(nearDistance) bits.",
                remedy: "Give 0 to \(HammingIndex.maximumDistance).")
        }
        if let positive, !(labels ?? dataset.labels.labels.map(\.id)).contains(positive) {
            throw CutisError(
                .invalidArguments, "The positive class '\(positive)' is not one of the labels.",
                remedy: "Give one of \(dataset.labels.labels.map(\.id).prefix(20).joined(separator: ", ")).")
        }
        let facts = DatasetFacts(dataset)
        var findings = LabelFindings(facts: facts, expected: labels, positive: positive).all()
        findings += GroupFindings(facts: facts, allowsLeak: allowsLeak).all()
        var readable = 0
        if readsImages {
            let choice: ImageScan.HashChoice =
                nearDistance == nil ? .none : matchesOrientations ? .orientations : .own
            let scan = ImageScan.run(
                facts.images.map(\.location), hashes: choice, workers: workers, limits: limits, progress: progress)
            readable = scan.results.count { (try? $0.get()) != nil }
            findings += ImageFindings(facts: facts, scan: scan, allowsLeak: allowsLeak).all(distance: nearDistance)
        }
        return DatasetReport(
            source: dataset.source.path, sampleCount: dataset.samples.count, imageCount: facts.images.count,
            readableCount: readable, patientCount: facts.distinct(\.patientID), lesionCount: facts.distinct(\.lesionID),
            classes: facts.classCounts, splits: facts.splitCounts,
            findings: findings.filter { $0.severity == .error } + findings.filter { $0.severity == .warning })
    }
}

/// A data set with what several checks need to know of it.
struct DatasetFacts {
    let dataset: Dataset
    /// All images of all samples, those that are named twice once.
    let images: [(location: ImageLocation, samples: [Int])]
    let splitCounts: [SplitName: Int]
    let classCounts: [DatasetReport.ClassCount]

    init(_ dataset: Dataset) {
        self.dataset = dataset
        var positions: [ImageLocation: Int] = [:]
        var images: [(location: ImageLocation, samples: [Int])] = []
        var splits: [SplitName: Int] = [:]
        var counts = [[SplitName: Int]](repeating: [:], count: dataset.labels.count)
        for (index, sample) in dataset.samples.enumerated() {
            for image in sample.images {
                if let position = positions[image] {
                    images[position].samples.append(index)
                } else {
                    positions[image] = images.count
                    images.append((image, [index]))
                }
            }
            guard let split = sample.split else { continue }
            splits[split, default: 0] += 1
            for label in sample.labels { counts[label][split, default: 0] += 1 }
        }
        self.images = images
        splitCounts = splits
        classCounts = zip(zip(dataset.labels.labels, dataset.classCounts), counts).map { pair, bySplit in
            DatasetReport.ClassCount(id: pair.0.id, total: pair.1, bySplit: bySplit)
        }
    }

    /// How many different values a fact has; nil where no sample has it.
    func distinct(_ fact: KeyPath<SampleFacts, String?>) -> Int? {
        let values = Set(dataset.samples.compactMap { $0.facts[keyPath: fact] })
        return values.isEmpty ? nil : values.count
    }

    /// The labels of a sample as a person reads them.
    func labelNames(_ sample: Int) -> String {
        let names = Set(dataset.samples[sample].labels).sorted().map { dataset.labels.labels[$0].id }
        return names.isEmpty ? "no label" : names.joined(separator: " + ")
    }

    /// Which labels some samples have, each once, if they differ; a sample without a label contradicts none.
    func conflictingLabels(_ samples: [Int]) -> [String]? {
        let known = samples.filter { !dataset.samples[$0].labels.isEmpty }
        let names = Set(known.map(labelNames))
        return names.count > 1 ? names.sorted() : nil
    }

    /// The splits of some samples, if there are two or more.
    func crossedSplits(_ samples: [Int]) -> [String]? {
        let splits = Set(samples.compactMap { dataset.samples[$0].split })
        return splits.count > 1 ? SplitName.allCases.filter(splits.contains).map(\.rawValue) : nil
    }

    /// The names of samples.
    func names(_ samples: [Int]) -> [String] {
        samples.map { dataset.samples[$0].id }
    }
}
