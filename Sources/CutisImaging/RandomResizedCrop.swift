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
public struct RandomResizedCrop: Sendable, Hashable, Codable {
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
            let target = area * uniform(minimumScale, maximumScale, &generator)
            let ratio = exp(uniform(log(minimumRatio), log(maximumRatio), &generator))
            let wide = whole((target * ratio).squareRoot())
            let high = whole((target / ratio).squareRoot())
            guard wide > 0, wide <= width, high > 0, high <= height else { continue }
            let top = Int.random(in: 0...height - high, using: &generator)
            let left = Int.random(in: 0...width - wide, using: &generator)
            return CropBox(left: left, top: top, width: wide, height: high)
        }
        return central(width, height)
    }

    private func central(_ width: Int, _ height: Int) -> CropBox {
        let ratio = Double(width) / Double(height)
        var (wide, high) = (width, height)
        if ratio < minimumRatio {
            high = min(max(whole(Double(width) / minimumRatio), 1), height)
        } else if ratio > maximumRatio {
            wide = min(max(whole(Double(height) * maximumRatio), 1), width)
        }
        return CropBox(left: (width - wide) / 2, top: (height - high) / 2, width: wide, height: high)
    }

    private func uniform(_ low: Double, _ high: Double, _ generator: inout some RandomNumberGenerator) -> Double {
        guard low < high, low.isFinite, high.isFinite else { return low }
        return Double.random(in: low..<high, using: &generator)
    }

    /// Half to even, as Python's `round`; 0 for what is no size.
    private func whole(_ value: Double) -> Int {
        Int(exactly: value.rounded(.toNearestOrEven)) ?? 0
    }
}
