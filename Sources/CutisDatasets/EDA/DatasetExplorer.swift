public import CutisCore
public import CutisImaging
import CutisStatistics
import Dispatch
public import Foundation
import Synchronization

/// How a data set is explored.
public struct ExplorationOptions: Sendable, Hashable {
    /// Pictures shown of each class, where it has so many.
    public var samplesPerClass: Int
    /// Chooses the pictures.
    public var seed: UInt64
    /// Images decoded at the same time, each on a thread of its own.
    public var workers: Int

    /// The most pictures of a page; with many classes each gets fewer, but at least three.
    static let pictureLimit = 360
    /// The longer side of a picture in pixels.
    static let pictureSide = 112

    /// Makes options.
    public init(samplesPerClass: Int = 6, seed: UInt64 = 0, workers: Int = ProcessInfo.processInfo.activeProcessorCount)
    {
        self.samplesPerClass = max(samplesPerClass, 3)
        self.seed = seed
        self.workers = max(workers, 1)
    }
}

/// Looks at a whole data set: every image is decoded once, a few of each class twice.
///
/// Memory holds one decoded image per worker and a few numbers per image. The result is the same for a seed whatever
/// the number of workers. Images that cannot be read are counted and left out.
public struct DatasetExplorer: Sendable {
    /// Decodes an image to three channels.
    public typealias Reader = @Sendable (ImageLocation) throws(CutisError) -> PixelBuffer

    private let dataset: Dataset
    private let options: ExplorationOptions
    private let read: Reader
    private let images: [ExploredImage]

    /// Prepares the exploration of a data set.
    ///
    /// - Parameter read: decodes an image; called from several threads.
    public init(_ dataset: Dataset, options: ExplorationOptions = ExplorationOptions(), read: @escaping Reader) {
        self.dataset = dataset
        self.options = options
        self.read = read
        images = dataset.samples.indices.flatMap { sample in
            dataset.samples[sample].images.map { ExploredImage(sample: sample, location: $0) }
        }
    }

    /// How many images there are to decode.
    public var imageCount: Int { images.count }

    /// Decodes all images and counts everything.
    ///
    /// - Parameter progress: called with 1 for each image that is done, from several threads.
    /// - Throws: `CutisError` with `.dataInvalid` for a data set without images.
    public func explore(progress: @Sendable (Int) -> Void = { _ in }) throws(CutisError) -> DatasetExploration {
        guard !images.isEmpty else {
            throw CutisError(
                .dataInvalid, "\(dataset.source.lastPathComponent) has no images.",
                remedy: "Give a folder or a table that names at least one image.")
        }
        let tally = Mutex(ExplorationTally(dataset: dataset, images: images))
        forEach(images.count) { index in
            let result = Result { () throws(CutisError) in
                ImageMeasurement(try threeChannels(read(images[index].location)))
            }
            tally.withLock { $0.add(result, at: index) }
            progress(1)
        }
        let counted = tally.withLock { $0 }
        return counted.exploration(pictures: pictures(of: counted))
    }

    /// Small pictures of a seeded choice of each class's readable images.
    private func pictures(of tally: ExplorationTally) -> [[SamplePicture]] {
        let groups = tally.groups
        let shown = groups.filter { !$0.isEmpty }.count
        let perClass = min(options.samplesPerClass, max(ExplorationOptions.pictureLimit / max(shown, 1), 3))
        let chosen = groups.indices.map { group -> [Int] in
            var candidates = groups[group].filter { tally.isReadable($0) }
            var generator = SeededGenerator(seed: options.seed, stream: UInt64(group))
            generator.shuffle(&candidates)
            return Array(candidates.prefix(perClass))
        }
        let flat = chosen.joined().map { $0 }
        let made = Mutex([SamplePicture?](repeating: nil, count: flat.count))
        forEach(flat.count) { index in
            let picture = try? picture(images[flat[index]].location)
            made.withLock { $0[index] = picture }
        }
        var rest = made.withLock { $0 }[...]
        return chosen.map { group in
            defer { rest = rest.dropFirst(group.count) }
            return rest.prefix(group.count).compactMap { $0 }
        }
    }

    private func picture(_ location: ImageLocation) throws(CutisError) -> SamplePicture {
        let image = try threeChannels(read(location))
        let scale = min(Double(ExplorationOptions.pictureSide) / Double(max(image.width, image.height)), 1)
        let small = try Resampler.resize(
            image, width: max(Int((Double(image.width) * scale).rounded()), 1),
            height: max(Int((Double(image.height) * scale).rounded()), 1), filter: .bicubic)
        return SamplePicture(
            jpeg: try JPEGEncoder.encode(small, quality: 80), width: image.width, height: image.height)
    }

    private func threeChannels(_ image: PixelBuffer) throws(CutisError) -> PixelBuffer {
        guard image.channels == 3 else {
            throw CutisError(
                .imageUnsupported, "The image has \(image.channels) channels instead of three.",
                remedy: "Decode it to RGB.")
        }
        return image
    }

    /// Calls `body` with 0 ..< `count` on the workers.
    private func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: min(options.workers, max(count, 1))) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }
    }
}

/// One image and the sample that it belongs to.
struct ExploredImage: Sendable {
    let sample: Int
    let location: ImageLocation
}
