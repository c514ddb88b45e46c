public import CutisCore
import Foundation

/// A rectangle within an image, in pixels.
public struct CropBox: Sendable, Hashable {
    /// The first column.
    public var left: Int
    /// The first row.
    public var top: Int
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// Joins the four.
    public init(left: Int, top: Int, width: Int, height: Int) {
        self.left = left
        self.top = top
        self.width = width
        self.height = height
    }
}

extension PixelBuffer {
    /// A part of the image, resized (torchvision's `resized_crop`: cut first, then resized).
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when the box is not within the image or the size is not one
    ///   that `Resampler` makes.
    public func resizedCrop(
        _ box: CropBox, width: Int, height: Int, filter: ResampleFilter = .bilinear
    ) throws(CutisError) -> PixelBuffer {
        guard box.left >= 0, box.top >= 0, box.width > 0, box.height > 0, box.left <= self.width - box.width,
            box.top <= self.height - box.height
        else {
            throw CutisError(
                .invalidArguments,
                "The box \(box.width)×\(box.height) at (\(box.left), \(box.top)) is not within the image of "
                    + "\(self.width)×\(self.height).", remedy: "Choose a box within the image.")
        }
        let part = cropped(left: box.left, top: box.top, width: box.width, height: box.height)
        return try Resampler.resize(part, width: width, height: height, filter: filter)
    }
}

/// Draws a random part of an image (torchvision's `RandomResizedCrop.get_params`).
public struct RandomResizedCrop: Sendable, Hashable {
    /// The smallest share of the image's area, larger than 0.
    public var minimumScale: Double
    /// The largest share of the image's area.
    public var maximumScale: Double
    /// The smallest width / height, larger than 0.
    public var minimumRatio: Double
    /// The largest width / height.
    public var maximumRatio: Double

    /// Makes the ranges; the defaults are torchvision's.
    public init(
        minimumScale: Double = 0.08, maximumScale: Double = 1, minimumRatio: Double = 3.0 / 4,
        maximumRatio: Double = 4.0 / 3
    ) {
        self.minimumScale = minimumScale
        self.maximumScale = maximumScale
        self.minimumRatio = minimumRatio
        self.maximumRatio = maximumRatio
    }

    /// Draws a box: up to ten tries, area uniform, ratio uniform in its logarithm; then the central box of the nearest
    /// ratio that is allowed.
    public func sample(width: Int, height: Int, using generator: inout some RandomNumberGenerator) -> CropBox {
        let area = Double(width * height)
        for _ in 0..<10 {
            let target = area * generator.uniform(minimumScale, maximumScale)
            let ratio = exp(generator.uniform(log(minimumRatio), log(maximumRatio)))
            let wide = wholePixels((target * ratio).squareRoot())
            let high = wholePixels((target / ratio).squareRoot())
            guard wide > 0, wide <= width, high > 0, high <= height else { continue }
            let top = generator.index(below: height - high + 1)
            let left = generator.index(below: width - wide + 1)
            return CropBox(left: left, top: top, width: wide, height: high)
        }
        return .central(width: width, height: height, ratio: minimumRatio, maximumRatio)
    }
}

extension CropBox {
    /// The largest central box whose width / height is within two bounds (the last resort of torchvision's
    /// `RandomResizedCrop`).
    static func central(width: Int, height: Int, ratio minimum: Double, _ maximum: Double) -> CropBox {
        let ratio = Double(width) / Double(height)
        var (wide, high) = (width, height)
        if ratio < minimum {
            high = min(max(wholePixels(Double(width) / minimum), 1), height)
        } else if ratio > maximum {
            wide = min(max(wholePixels(Double(height) * maximum), 1), width)
        }
        return CropBox(left: (width - wide) / 2, top: (height - high) / 2, width: wide, height: high)
    }
}

/// Half to even, as Python's `round`; 0 for what is no size.
func wholePixels(_ value: Double) -> Int {
    Int(exactly: value.rounded(.toNearestOrEven)) ?? 0
}
