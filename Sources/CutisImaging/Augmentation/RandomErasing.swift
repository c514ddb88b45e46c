import Foundation

/// Erases a random rectangle of a normalised image (Zhong et al. 2020; torchvision's `RandomErasing`).
public struct RandomErasing: Sendable, Hashable {
    /// What comes into the rectangle.
    public enum Fill: String, Sendable, Hashable, Codable, CaseIterable {
        /// 0 after normalisation: the mean colour (torchvision's `value=0`).
        case mean
        /// A standard normal number for every sample (torchvision's `value="random"`).
        case noise
    }

    /// How probable it is that an image is changed.
    public var probability: Double
    /// The smallest share of the image's area.
    public var minimumScale: Double
    /// The largest share of the image's area.
    public var maximumScale: Double
    /// The smallest height / width: torchvision turns the ratio round here, unlike in its crops.
    public var minimumRatio: Double
    /// The largest height / width.
    public var maximumRatio: Double
    /// What comes into the rectangle.
    public var fill: Fill

    /// Makes a rule; the defaults are torchvision's.
    public init(
        probability: Double = 0.5, minimumScale: Double = 0.02, maximumScale: Double = 0.33,
        minimumRatio: Double = 0.3, maximumRatio: Double = 3.3, fill: Fill = .mean
    ) {
        self.probability = probability
        self.minimumScale = minimumScale
        self.maximumScale = maximumScale
        self.minimumRatio = minimumRatio
        self.maximumRatio = maximumRatio
        self.fill = fill
    }

    /// Draws a rectangle smaller than the image on both sides, in up to ten tries.
    ///
    /// - Returns: nil where nothing is erased.
    public func sample(width: Int, height: Int, using generator: inout some RandomNumberGenerator) -> CropBox? {
        guard generator.chance(probability) else { return nil }
        let area = Double(width * height)
        for _ in 0..<10 {
            let target = area * generator.uniform(minimumScale, maximumScale)
            let ratio = exp(generator.uniform(log(minimumRatio), log(maximumRatio)))
            let high = wholePixels((target * ratio).squareRoot())
            let wide = wholePixels((target / ratio).squareRoot())
            guard high < height, wide < width else { continue }
            let top = generator.index(below: height - high + 1)
            let left = generator.index(below: width - wide + 1)
            return CropBox(left: left, top: top, width: wide, height: high)
        }
        return nil
    }

    /// Fills a rectangle of `values`, [height, width, 3] interleaved.
    func erase(
        _ box: CropBox, of values: UnsafeMutableBufferPointer<Float>, width: Int,
        using generator: inout some RandomNumberGenerator
    ) {
        for y in box.top..<(box.top + box.height) {
            let start = (y * width + box.left) * 3
            for index in start..<(start + box.width * 3) {
                values[index] = fill == .noise ? Float(generator.normal()) : 0
            }
        }
    }
}
