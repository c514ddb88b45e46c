/// The numbers by which a photo is judged.
struct QualityMeasures {
    /// How sharp the sharp parts are: the variance of the Laplacian in the third sharpest of 16 parts, as it would be
    /// at a mean grey level of 128.
    ///
    /// Much of a good photo may be out of focus (the background), so the sharpest parts count, yet not the very
    /// sharpest, which may be a ruler or a hair. Brightness is divided out so that dark skin and dark photos are not
    /// taken for blurred ones: edges are as strong as the light that they reflect.
    let sharpness: Double
    /// The grey level that 5 % of the photo exceed.
    let brightness: Double
    /// The share of pixels in which two colours or more are at their end.
    let overexposed: Double
    /// The distance of the 5th and the 95th percentile of the grey levels as a share of their mean.
    let contrast: Double
    /// The variance of the Laplacian as a share of the variance of the grey levels: 20 for white noise.
    let roughness: Double
    /// The share of the lit pixels that have a colour which skin or a lesion can have.
    let skin: Double
    /// What stands out from the skin; nil where nothing does or framing is not judged.
    let framing: FramingMeasure?

    private static let parts = 4

    init(_ image: ReducedImage, framing judgesFraming: Bool) {
        let grey = image.grey
        let mean = max(grey.mean, 1)
        let percentiles = Percentiles(grey)
        let counts = ColorCounts(image)
        let light = 128 / mean
        sharpness = Self.sharpness(grey) * light * light
        brightness = percentiles.level(0.95)
        contrast = (percentiles.level(0.95) - percentiles.level(0.05)) / mean
        let variance = grey.variance
        roughness = variance > 0 ? grey.laplacianVariance() / variance : 0
        let count = Double(image.width * image.height)
        overexposed = Double(counts.overexposed) / count
        skin = Double(counts.skin) / Double(max(counts.lit, 1))
        framing = judgesFraming ? FramingMeasure(image, grey) : nil
    }

    private static func sharpness(_ grey: GreyPlane) -> Double {
        func part(_ index: Int, of size: Int) -> Range<Int> {
            index * size / parts..<(index + 1) * size / parts
        }
        var values: [Double] = []
        for row in 0..<parts {
            for column in 0..<parts {
                values.append(
                    grey.laplacianVariance(rows: part(row, of: grey.height), columns: part(column, of: grey.width)))
            }
        }
        return values.sorted()[parts * parts - 3]
    }
}

/// Grey levels by rank.
private struct Percentiles {
    private var bins = [Int](repeating: 0, count: 256)
    private let count: Int

    init(_ grey: GreyPlane) {
        count = grey.levels.count
        for level in grey.levels { bins[min(Int(level) / grey.unit, 255)] += 1 }
    }

    /// The whole grey level that a share of the cells do not exceed.
    func level(_ share: Double) -> Double {
        let rank = Int((Double(count) * share).rounded(.up))
        var seen = 0
        for (level, number) in bins.enumerated() {
            seen += number
            if seen >= rank { return Double(level) }
        }
        return 255
    }
}

/// How many cells have which kind of colour.
private struct ColorCounts {
    private(set) var overexposed = 0
    private(set) var lit = 0
    private(set) var skin = 0

    init(_ image: ReducedImage) {
        let (end, dark) = (UInt16(253 * ReducedImage.unit), UInt16(24 * ReducedImage.unit))
        image.colors.withUnsafeBufferPointer { colors in
            for cell in stride(from: 0, to: colors.count, by: 3) {
                let (red, green, blue) = (colors[cell], colors[cell + 1], colors[cell + 2])
                let ends = (red >= end ? 1 : 0) + (green >= end ? 1 : 0) + (blue >= end ? 1 : 0)
                if ends >= 2 { overexposed += 1 }
                guard max(red, green, blue) >= dark else { continue }
                lit += 1
                if SkinColor.isPossible(Float(red), Float(green), Float(blue)) { skin += 1 }
            }
        }
    }
}

/// Which colours skin, blood and pigment have in a photo.
///
/// Skin of every tone reflects more of longer wavelengths, so that red is the largest of the three: what differs
/// between tones is the brightness. The ratios of the colours do not depend on brightness and move little with the
/// colour of the light (Störring et al. 1999, Soriano et al. 2003). All ten tones of the Monk scale are inside, in full
/// light and in half of it, and white, grey, green and blue are outside.
enum SkinColor {
    static func isPossible(_ red: Float, _ green: Float, _ blue: Float) -> Bool {
        // One grey level keeps the ratios of near-black pixels finite.
        let one = Float(ReducedImage.unit)
        let (red, green, blue) = (red + one, green + one, blue + one)
        return red > 0.98 * green && red > 0.9 * blue && red * red > 1.035 * green * blue && red < 4 * green
            && red < 8 * blue
    }
}
