public import CutisCore

/// The random changes that training makes to an image before it is normalised.
///
/// The steps, in this order: random part resized to the input's size, mirroring, quarter turns, turning by an angle,
/// colours. The same generator state gives the same image.
public struct TrainingAugmentation: Sendable, Hashable, Codable {
    /// The random part that is resized to the input; nil resizes the whole image.
    public var crop: RandomResizedCrop?
    /// The interpolation of the resize.
    public var filter: ResampleFilter
    /// The probability of a mirroring left-right.
    public var horizontalFlip: Double
    /// The probability of a mirroring top-bottom.
    public var verticalFlip: Double
    /// Turns by 0, 90, 180 or 270 degrees, each as likely; only where the result is square.
    public var quarterTurns: Bool
    /// Turns by −x…x degrees, nearest pixels, black corners (torchvision's `RandomRotation`); 0 for none.
    public var rotationDegrees: Double
    /// Random colour changes; nil for none.
    public var jitter: ColorJitter?

    /// Joins the parts; the defaults change nothing but the size.
    public init(
        crop: RandomResizedCrop? = nil, filter: ResampleFilter = .bilinear, horizontalFlip: Double = 0,
        verticalFlip: Double = 0, quarterTurns: Bool = false, rotationDegrees: Double = 0, jitter: ColorJitter? = nil
    ) {
        self.crop = crop
        self.filter = filter
        self.horizontalFlip = horizontalFlip
        self.verticalFlip = verticalFlip
        self.quarterTurns = quarterTurns
        self.rotationDegrees = rotationDegrees
        self.jitter = jitter
    }

    /// Makes one random version of an image.
    ///
    /// - Returns: an image of `size`, not normalised: `PreprocessingRecipe.normalize(_:)` does that.
    /// - Throws: `CutisError` with `.invalidArguments` when the size is not one that `Resampler` makes.
    public func apply(
        to image: PixelBuffer, size: CropSize, using generator: inout some RandomNumberGenerator
    ) throws(CutisError) -> PixelBuffer {
        var result = image
        if let box = crop?.sample(width: image.width, height: image.height, using: &generator) {
            result = try result.resizedCrop(box, width: size.width, height: size.height, filter: filter)
        } else {
            result = try Resampler.resize(result, width: size.width, height: size.height, filter: filter)
        }
        if Double.random(in: 0..<1, using: &generator) < horizontalFlip { result = result.mirroredLeftRight() }
        if Double.random(in: 0..<1, using: &generator) < verticalFlip { result = result.mirroredTopBottom() }
        if quarterTurns, size.width == size.height {
            result = result.rotated(degrees: Double(Int.random(in: 0..<4, using: &generator) * 90))
        }
        if rotationDegrees > 0, rotationDegrees.isFinite {
            let angle = Double.random(in: -rotationDegrees...rotationDegrees, using: &generator)
            result = result.rotated(degrees: angle)
        }
        guard let changes = jitter?.sample(using: &generator) else { return result }
        return result.applying(changes)
    }
}
