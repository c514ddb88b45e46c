import CutisCore
import Foundation

/// Collects the measurements of a data set's images as they come, in any order.
struct ExplorationTally: Sendable {
    private let dataset: Dataset
    private let images: [ExploredImage]
    /// The images of each class; one more group holds those without a label where there are any.
    let groups: [[Int]]
    private var brightness: [Float]
    private var sharpness: [Float]
    private var sizes: [PixelSize: Int] = [:]
    private var grayCount = 0
    private var shares: [[UInt64]]
    private var readable: [Int]
    private var failures: [(image: Int, error: CutisError)] = []

    init(dataset: Dataset, images: [ExploredImage]) {
        self.dataset = dataset
        self.images = images
        var groups = [[Int]](repeating: [], count: dataset.labels.count)
        var unlabelled: [Int] = []
        for (index, image) in images.enumerated() {
            let labels = dataset.samples[image.sample].labels
            for label in labels { groups[label].append(index) }
            if labels.isEmpty { unlabelled.append(index) }
        }
        if !unlabelled.isEmpty { groups.append(unlabelled) }
        self.groups = groups
        brightness = Array(repeating: .nan, count: images.count)
        sharpness = Array(repeating: .nan, count: images.count)
        shares = Array(repeating: Array(repeating: 0, count: 3 * ImageMeasurement.binCount), count: groups.count)
        readable = Array(repeating: 0, count: groups.count)
    }

    func isReadable(_ image: Int) -> Bool { !brightness[image].isNaN }

    mutating func add(_ result: Result<ImageMeasurement, CutisError>, at index: Int) {
        switch result {
        case .failure(let error): failures.append((index, error))
        case .success(let image):
            brightness[index] = Float(image.brightness)
            sharpness[index] = Float(image.sharpness)
            sizes[PixelSize(width: image.width, height: image.height), default: 0] += 1
            if image.isGray { grayCount += 1 }
            let labels = dataset.samples[images[index].sample].labels
            for group in labels.isEmpty ? [groups.count - 1] : labels {
                readable[group] += 1
                for bin in image.shares.indices { shares[group][bin] += image.shares[bin] }
            }
        }
    }

    /// Everything that was counted.
    func exploration(pictures: [[SamplePicture]]) -> DatasetExploration {
        let metadata = MetadataSummary(dataset)
        let counts = dataset.classCounts
        let unlabelled = dataset.samples.count { $0.labels.isEmpty }
        let classes = groups.indices.map { group -> ClassSummary in
            let isClass = group < counts.count
            return ClassSummary(
                id: isClass ? dataset.labels.labels[group].id : nil,
                label: isClass ? dataset.labels.labels[group].label : "without a label",
                sampleCount: isClass ? counts[group] : unlabelled, imageCount: groups[group].count,
                readableCount: readable[group], channels: channels(group),
                brightness: ValueSummary(values(brightness, groups[group])),
                sharpness: ValueSummary(values(sharpness, groups[group])), pictures: pictures[group])
        }
        return DatasetExploration(
            source: dataset.source.lastPathComponent, sampleCount: dataset.samples.count, imageCount: images.count,
            classes: classes, sizes: SizeSummary(sizes), grayCount: grayCount,
            brightness: ValueSummary(values(brightness, images.indices)),
            sharpness: ValueSummary(values(sharpness, images.indices)), metadata: metadata,
            unreadable: unreadable())
    }

    private func values(_ all: [Float], _ chosen: some Sequence<Int>) -> [Double] {
        chosen.compactMap { all[$0].isNaN ? nil : Double(all[$0]) }
    }

    /// Mean shares of the bins of each channel; empty for a class without readable images.
    private func channels(_ group: Int) -> [[Double]] {
        guard readable[group] > 0 else { return [] }
        let whole = Double(ImageMeasurement.wholeShare) * Double(readable[group])
        return (0..<3).map { channel in
            shares[group][channel * ImageMeasurement.binCount..<(channel + 1) * ImageMeasurement.binCount].map {
                Double($0) / whole
            }
        }
    }

    /// The failures in the order of the images. A file's name may bear a patient's, so the message says which image of
    /// the data set it is instead.
    private func unreadable() -> [UnreadableImage] {
        failures.sorted { $0.image < $1.image }.map { failure in
            let image = images[failure.image]
            let number = image.sample + 1
            let message =
                switch image.location {
                case .file(let url): Self.nameless(failure.error.message, url.path, "Its file")
                case .array(let archive, _, _): Self.nameless(failure.error.message, archive.path, "Its archive")
                }
            return UnreadableImage(
                sampleNumber: number, sampleID: dataset.samples[image.sample].id, code: failure.error.code,
                message: message)
        }
    }

    /// A message without the path that it names, at its beginning or further on.
    private static func nameless(_ message: String, _ path: String, _ subject: String) -> String {
        let rest = message.hasPrefix(path) ? subject + message.dropFirst(path.count) : message
        return rest.replacingOccurrences(of: path, with: "the place that the data set gives")
    }
}
