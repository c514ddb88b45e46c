package import CutisCore
package import CutisImaging
package import CutisStatistics
import Foundation

/// The random changes of a training image, with torchvision's parameter sampling.
///
/// The order is: random resized crop, colour jitter in a random order, then one of the eight symmetries of the
/// square (a lesion seen through a dermatoscope has no upright). Colour is changed in floating point without rounding
/// in between, as torchvision does with tensors, in the same pass that normalises; every draw comes from
/// `SeededGenerator`, so the recipe gives the same images whatever the standard library does.
public struct LesionAugmentation: Sendable, Hashable, Codable {
    /// The smallest and largest share of the image's area that the crop keeps.
    public var area: ClosedRange<Double>
    /// The crop's width over its height, drawn uniformly in its logarithm.
    public var aspect: ClosedRange<Double>
    /// Brightness factors are uniform in 1 ± this.
    public var brightness: Double
    /// Contrast factors are uniform in 1 ± this.
    public var contrast: Double
    /// Saturation factors are uniform in 1 ± this.
    public var saturation: Double
    /// Whether the image is flipped and turned by quarters at random.
    public var symmetries: Bool

    /// Makes a recipe; the defaults are those of the shipped model.
    public init(
        area: ClosedRange<Double> = 0.3...1, aspect: ClosedRange<Double> = 0.75...(4.0 / 3),
        brightness: Double = 0.25, contrast: Double = 0.25, saturation: Double = 0.25, symmetries: Bool = true
    ) {
        self.area = area
        self.aspect = aspect
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.symmetries = symmetries
    }

    /// Draws a crop as torchvision's `RandomResizedCrop` does: ten tries, then the largest central crop whose aspect
    /// is allowed.
    package func crop(width: Int, height: Int, _ generator: inout SeededGenerator) -> CropBox {
        for _ in 0..<10 {
            let target = Double(width * height) * generator.uniform(area)
            let ratio = exp(generator.uniform(log(aspect.lowerBound)...log(aspect.upperBound)))
            let w = Int((target * ratio).squareRoot().rounded(.toNearestOrEven))
            let h = Int((target / ratio).squareRoot().rounded(.toNearestOrEven))
            guard w > 0, h > 0, w <= width, h <= height else { continue }
            return CropBox(
                left: generator.index(below: width - w + 1), top: generator.index(below: height - h + 1), width: w,
                height: h)
        }
        let ratio = Double(width) / Double(height)
        let w = ratio > aspect.upperBound ? Int((Double(height) * aspect.upperBound).rounded()) : width
        let h = ratio < aspect.lowerBound ? Int((Double(width) / aspect.lowerBound).rounded()) : height
        return CropBox(left: (width - w) / 2, top: (height - h) / 2, width: w, height: h)
    }

    /// Changes an image and writes it as normalised numbers.
    ///
    /// - Parameters:
    ///   - image: the whole decoded RGB image.
    ///   - side: the side of the result in pixels.
    ///   - recipe: mean and deviation of the normalisation, on the scale 0…1.
    ///   - output: `side · side · 3` places, filled row by row with interleaved channels.
    ///   - generator: the image's own generator.
    func write(
        _ image: PixelBuffer, side: Int, recipe: Normalisation, to output: UnsafeMutableBufferPointer<Float>,
        _ generator: inout SeededGenerator
    ) throws(CutisError) {
        let crop = crop(width: image.width, height: image.height, &generator)
        let resized = try image.resizedCrop(crop, width: side, height: side)
        var pixels = resized.pixels.map(Float.init)
        jitter(&pixels, &generator)
        let symmetry = symmetries ? Symmetry(index: generator.index(below: 8)) : Symmetry(index: 0)
        for y in 0..<side {
            for x in 0..<side {
                let source = symmetry.source(x: x, y: y, side: side) * 3
                let target = (y * side + x) * 3
                output[target] = pixels[source] * recipe.scale.0 + recipe.offset.0
                output[target + 1] = pixels[source + 1] * recipe.scale.1 + recipe.offset.1
                output[target + 2] = pixels[source + 2] * recipe.scale.2 + recipe.offset.2
            }
        }
    }

    /// As `write`, into an array of its own.
    package func values(
        _ image: PixelBuffer, side: Int, _ normalisation: Normalisation, _ generator: inout SeededGenerator
    ) throws(CutisError) -> [Float] {
        var values = [Float](repeating: 0, count: side * side * 3)
        try values.withUnsafeMutableBufferPointer { (buffer) throws(CutisError) in
            try write(image, side: side, recipe: normalisation, to: buffer, &generator)
        }
        return values
    }

    private func jitter(_ pixels: inout [Float], _ generator: inout SeededGenerator) {
        var order = [0, 1, 2]
        generator.shuffle(&order)
        let factors = [brightness, contrast, saturation].map { strength in
            Float(generator.uniform(max(0, 1 - strength)...(1 + strength)))
        }
        for kind in order {
            let factor = factors[kind]
            switch kind {
            case 0:
                for index in pixels.indices { pixels[index] = min(255, pixels[index] * factor) }
            case 1:
                let grey = Self.meanGrey(pixels) * (1 - factor)
                for index in pixels.indices { pixels[index] = min(255, max(0, pixels[index] * factor + grey)) }
            default:
                for start in stride(from: 0, to: pixels.count - 2, by: 3) {
                    let grey = Self.grey(pixels, start) * (1 - factor)
                    pixels[start] = min(255, max(0, pixels[start] * factor + grey))
                    pixels[start + 1] = min(255, max(0, pixels[start + 1] * factor + grey))
                    pixels[start + 2] = min(255, max(0, pixels[start + 2] * factor + grey))
                }
            }
        }
    }

    private static func grey(_ pixels: [Float], _ start: Int) -> Float {
        0.2989 * pixels[start] + 0.587 * pixels[start + 1] + 0.114 * pixels[start + 2]
    }

    private static func meanGrey(_ pixels: [Float]) -> Float {
        var sum: Float = 0
        for start in stride(from: 0, to: pixels.count - 2, by: 3) { sum += grey(pixels, start) }
        return sum / Float(max(1, pixels.count / 3))
    }
}

/// One of the eight symmetries of the square.
struct Symmetry {
    let transposes, mirrorsX, mirrorsY: Bool

    init(index: Int) {
        transposes = index & 1 != 0
        mirrorsX = index & 2 != 0
        mirrorsY = index & 4 != 0
    }

    /// The pixel of the original that comes to (x, y).
    func source(x: Int, y: Int, side: Int) -> Int {
        let column = mirrorsX ? side - 1 - x : x
        let row = mirrorsY ? side - 1 - y : y
        return transposes ? column * side + row : row * side + column
    }
}

/// (pixel / 255 − mean) / deviation as one multiplication and one addition per channel.
package struct Normalisation: Sendable {
    let scale: (Float, Float, Float)
    let offset: (Float, Float, Float)

    /// Mean and deviation of each of the three channels, on the scale 0…1.
    package init(mean: [Float], deviation: [Float]) throws(CutisError) {
        guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 > 0 }) else {
            throw CutisError(
                .configInvalid, "The normalisation needs three means and three positive deviations.",
                remedy: "Correct the recipe.")
        }
        scale = (1 / (255 * deviation[0]), 1 / (255 * deviation[1]), 1 / (255 * deviation[2]))
        offset = (-mean[0] / deviation[0], -mean[1] / deviation[1], -mean[2] / deviation[2])
    }
}
