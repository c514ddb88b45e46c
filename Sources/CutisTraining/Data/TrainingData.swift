package import CutisCore
package import CutisDatasets
import Foundation

/// The images of a run, parted into training, validation and test.
package struct TrainingData: Sendable {
    /// The samples with their parts.
    package let dataset: Dataset
    /// The rows of `images` of each part.
    package let rows: [SplitName: [Int]]
    /// One row for each image.
    package let images: LabelledImages
    /// What people should think about before they train, a sentence each.
    package let warnings: [String]

    /// Reads, parts and checks the data of a configuration; decodes no image.
    ///
    /// - Throws: `.dataInvalid` for data that cannot be read or parted, a class without an image, a lesion or patient in
    ///   two parts, or a part without an image of the watched class.
    package init(_ configuration: TrainingConfiguration) throws(CutisError) {
        let settings = configuration.data
        let labels =
            settings.labels.isEmpty
            ? nil : LabelSet(settings.labels.map { DiagnosisLabel(id: $0, label: $0) })
        let options = DatasetReadOptions(kind: settings.kind.flatMap(DatasetKind.init(rawValue:)), labels: labels)
        let read = try DatasetReader.read(URL(fileURLWithPath: settings.path), options: options)
        let parted = try Self.parted(read, settings, seed: configuration.randomSeed)
        let report = try DatasetCheck(
            labels: read.labels.labels.map(\.id), positive: configuration.watchedLabel(of: read.labels),
            allowsLeak: settings.allowsLeak, readsImages: false, nearDistance: nil
        ).run(parted)
        if let error = report.errors.first {
            let more = report.errors.count > 1 ? " There are \(report.errors.count - 1) more errors." : ""
            throw CutisError(
                .dataInvalid, "\(settings.path) cannot be trained on. \(error.message)\(more)",
                remedy: "`cutis data check` lists everything; data.allow_leak accepts what is in two parts.")
        }
        dataset = parted
        warnings = report.warnings.map { $0.message }
        var rows: [SplitName: [Int]] = [:]
        let used = parted.samples.indices.filter { parted.samples[$0].split != nil }
        let images = try LabelledImages(parted, samples: used)
        for (row, sample) in images.samples.enumerated() {
            if let split = parted.samples[sample].split { rows[split, default: []].append(row) }
        }
        self.images = images
        self.rows = rows
        for split in [SplitName.train, .validation] where rows[split] == nil {
            throw CutisError(
                .dataInvalid, "\(settings.path) has no image in the part '\(split.rawValue)'.",
                remedy: "Part it by data.split, or give the part in the table.")
        }
        if let watched = parted.labels.index(of: configuration.validation.label) {
            let count = counts(.validation)[watched]
            guard count >= 2, counts(.validation).reduce(0, +) - count >= 2 else {
                throw CutisError(
                    .dataInvalid,
                    "The validation part has \(count) images of the class '\(configuration.validation.label)' and "
                        + "\(counts(.validation).reduce(0, +) - count) others; its figures need two of each.",
                    remedy: "Give the validation part more images, or watch another class (validation.class).")
            }
        }
        for (label, count) in counts(.train).enumerated() where count == 0 {
            throw CutisError(
                .dataInvalid, "The class '\(parted.labels.labels[label].id)' has no image to train on.",
                remedy: "Give images of it, or leave it out of the data and of data.labels.")
        }
    }

    /// The rows of a part, in the order of the data.
    package func rows(_ split: SplitName) -> [Int] { rows[split] ?? [] }

    /// How many images of each class a part has.
    package func counts(_ split: SplitName) -> [Int] {
        var counts = [Int](repeating: 0, count: dataset.labels.count)
        for row in rows(split) { counts[images.labels[row]] += 1 }
        return counts
    }

    /// The sample of a row.
    package func sample(_ row: Int) -> DatasetSample { dataset.samples[images.samples[row]] }

    private static func parted(
        _ dataset: Dataset, _ settings: DataConfiguration, seed: UInt64
    ) throws(CutisError) -> Dataset {
        let grouped = Dataset(
            source: dataset.source, labels: dataset.labels,
            samples: dataset.samples.map { sample in
                var sample = sample
                if settings.grouping == .lesion || settings.grouping == .none { sample.facts.patientID = nil }
                if settings.grouping == .patient || settings.grouping == .none { sample.facts.lesionID = nil }
                return sample
            })
        let splitter = DatasetSplitter(seed: seed)
        var parts: [SplitName]
        switch settings.split {
        case .given: return dataset
        case .table(let path):
            return try SplitTable(URL(fileURLWithPath: path)).assigning(to: dataset)
        case .shares(let validation, let test):
            var shares = [SplitName.train: 1 - validation - test, .validation: validation]
            if test > 0 { shares[.test] = test }
            parts = try splitter.split(grouped, fractions: shares)
        case .folds(let count, let index, let test):
            parts = dataset.samples.map { _ in .train }
            if test > 0 { parts = try splitter.split(grouped, fractions: [.train: 1 - test, .test: test]) }
            let rest = parts.indices.filter { parts[$0] == .train }
            let others = Dataset(
                source: grouped.source, labels: grouped.labels, samples: rest.map { grouped.samples[$0] })
            let folds = try splitter.folds(others, count: count)
            for (place, fold) in zip(rest, folds) where fold == index { parts[place] = .validation }
        }
        let samples = zip(dataset.samples, parts).map { sample, part in
            var sample = sample
            sample.split = part
            return sample
        }
        return Dataset(source: dataset.source, labels: dataset.labels, samples: samples)
    }
}

extension TrainingConfiguration {
    /// The class that figures watch; nil where the data has no such class.
    package func watchedLabel(of labels: LabelSet) -> String? {
        labels.index(of: validation.label) == nil ? nil : validation.label
    }
}
