public import CutisCore
public import Foundation

/// What a data set looks like: classes, pictures, sizes, light, sharpness, metadata.
public struct DatasetExploration: Sendable, Hashable {
    /// The name of the folder, table or archive, without its path.
    public let source: String
    /// Samples: images, or cases of several images.
    public let sampleCount: Int
    /// Images of all samples.
    public let imageCount: Int
    /// One entry for each class, and a last one for samples without a label where there are any.
    public let classes: [ClassSummary]
    /// Sizes of the readable images.
    public let sizes: SizeSummary
    /// Readable images without colour.
    public let grayCount: Int
    /// Mean grey levels of the readable images, 0…255.
    public let brightness: ValueSummary
    /// Variances of the Laplacian of the readable images.
    public let sharpness: ValueSummary
    /// What is known about patients and lesions.
    public let metadata: MetadataSummary
    /// The images that could not be decoded, in the order of the data set.
    public let unreadable: [UnreadableImage]

    /// Samples of the largest class for each of the smallest class that has any; nil with fewer than two such classes.
    public var imbalanceRatio: Double? {
        let counts = classes.filter { $0.id != nil && $0.sampleCount > 0 }.map(\.sampleCount)
        guard counts.count > 1, let least = counts.min(), let most = counts.max() else { return nil }
        return Double(most) / Double(least)
    }

    /// Images that could be decoded.
    public var readableCount: Int { imageCount - unreadable.count }
}

/// One class of an explored data set.
public struct ClassSummary: Sendable, Hashable {
    /// The label's short name; nil for the samples without a label.
    public let id: String?
    /// The label in words.
    public let label: String
    /// Samples with this label.
    public let sampleCount: Int
    /// Images of these samples.
    public let imageCount: Int
    /// Those that could be decoded.
    public let readableCount: Int
    /// Mean histograms [3][32]: shares of pixels for each eight levels of red, green and blue; every image counts the
    /// same. Empty where no image can be read.
    public let channels: [[Double]]
    /// Mean grey levels, 0…255.
    public let brightness: ValueSummary
    /// Variances of the Laplacian.
    public let sharpness: ValueSummary
    /// A seeded choice of images, small.
    public let pictures: [SamplePicture]
}

/// A small picture of an image.
public struct SamplePicture: Sendable, Hashable {
    /// The picture as JPEG.
    public let jpeg: Data
    /// The image's own width in pixels.
    public let width: Int
    /// The image's own height in pixels.
    public let height: Int
}

/// An image that could not be decoded.
public struct UnreadableImage: Sendable, Hashable {
    /// The sample's place in the data set, from 1.
    public let sampleNumber: Int
    /// The sample's name, which may hold a patient's identifier: for files, never for pages.
    public let sampleID: String
    /// The kind of the failure.
    public let code: ErrorCode
    /// What is wrong, without the file's name.
    public let message: String
}

/// The distribution of one number over images.
public struct ValueSummary: Sendable, Hashable {
    /// The numbers in ascending order.
    public let sorted: [Double]

    /// Sorts the numbers.
    public init(_ values: [Double]) {
        sorted = values.sorted()
    }

    /// The arithmetic mean; not a number where there is none.
    public var mean: Double { sorted.isEmpty ? .nan : sorted.reduce(0, +) / Double(sorted.count) }

    /// A quantile by linear interpolation (NumPy's default); not a number where there is none.
    public func quantile(_ share: Double) -> Double {
        guard let last = sorted.indices.last else { return .nan }
        let place = min(max(share, 0), 1) * Double(last)
        let below = Int(place)
        let above = min(below + 1, last)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }

    /// How many numbers lie in each bin, its lower bound included; the last bin includes its upper bound too.
    public func counts(edges: [Double]) -> [Int] {
        guard edges.count > 1 else { return [] }
        var counts = [Int](repeating: 0, count: edges.count - 1)
        var bin = 0
        for value in sorted {
            guard value >= edges[0], value <= edges[edges.count - 1] else { continue }
            while bin < counts.count - 1, value >= edges[bin + 1] { bin += 1 }
            counts[bin] += 1
        }
        return counts
    }
}

/// A width and a height in pixels.
public struct PixelSize: Sendable, Hashable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int

    /// Joins the sides.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// How many images have a size.
public struct SizeCount: Sendable, Hashable {
    /// The size.
    public let size: PixelSize
    /// Images of it.
    public let count: Int
}

/// The sizes of images.
public struct SizeSummary: Sendable, Hashable {
    /// How many images have each size, the most frequent first.
    public let counts: [SizeCount]
    /// Widths in pixels.
    public let widths: ValueSummary
    /// Heights in pixels.
    public let heights: ValueSummary

    init(_ sizes: [PixelSize: Int]) {
        counts = sizes.map { SizeCount(size: $0.key, count: $0.value) }.sorted {
            ($1.count, $0.size.width, $0.size.height) < ($0.count, $1.size.width, $1.size.height)
        }
        widths = ValueSummary(counts.flatMap { Array(repeating: Double($0.size.width), count: $0.count) })
        heights = ValueSummary(counts.flatMap { Array(repeating: Double($0.size.height), count: $0.count) })
    }
}
