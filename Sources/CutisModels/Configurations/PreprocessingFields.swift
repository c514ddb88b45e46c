/// How a published model wants its images, as its configuration files say it.
public struct PreprocessingFields: Codable, Sendable, Hashable {
    /// What happens to the image's size first.
    public enum Resize: Codable, Sendable, Hashable {
        /// Nothing.
        case none
        /// The shorter side gets this length; the ratio of the sides stays.
        case shortestSide(Int)
        /// Both sides are forced.
        case exact(height: Int, width: Int)
        /// The image just covers this size; the ratio of the sides stays.
        case cover(height: Int, width: Int)
        /// The image just fits into this size; the ratio of the sides stays.
        case fit(height: Int, width: Int)
    }

    /// The resampling filter, in Pillow's names.
    public enum Interpolation: String, Codable, Sendable, Hashable, CaseIterable {
        case nearest, lanczos, bilinear, bicubic, box, hamming
    }

    /// What happens to the size first.
    public var resize: Resize
    /// The filter of the resize.
    public var interpolation: Interpolation
    /// Height and width of the centre crop, or nil.
    public var crop: [Int]?
    /// Red, green and blue of what a crop adds to an image that is too small.
    public var fill: [Int]
    /// Whether half pixels of the crop's offset are cut off (Hugging Face) instead of rounded to even (torchvision).
    public var cropRoundsDown: Bool
    /// What the 8-bit values are multiplied with.
    public var rescale: Double
    /// Subtracted per channel after the rescaling.
    public var mean: [Double]
    /// Divided by per channel after that.
    public var std: [Double]
    /// The file, or the rule of the library, that says so.
    public var origin: String

    /// Joins the parts.
    public init(
        resize: Resize, interpolation: Interpolation, crop: [Int]? = nil, fill: [Int] = [0, 0, 0],
        cropRoundsDown: Bool = false, rescale: Double = 1 / 255, mean: [Double], std: [Double], origin: String
    ) {
        self.resize = resize
        self.interpolation = interpolation
        self.crop = crop
        self.fill = fill
        self.cropRoundsDown = cropRoundsDown
        self.rescale = rescale
        self.mean = mean
        self.std = std
        self.origin = origin
    }
}

/// Means and deviations that the libraries use.
enum ChannelStatistics {
    static let imageNet = (mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    static let half = (mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
    static let clip = (
        mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711]
    )
    static let none = (mean: [0.0, 0.0, 0.0], std: [1.0, 1.0, 1.0])
}
