import CutisImaging

/// What one image's pixels show.
struct ImageMeasurement: Sendable, Hashable {
    /// Bins of each channel; each joins eight of the 256 levels.
    static let binCount = 32
    /// What the shares of one histogram sum to.
    static let wholeShare: UInt64 = 1 << 24

    let width: Int
    let height: Int
    /// Whether red, green and blue are equal everywhere.
    let isGray: Bool
    /// The mean grey level, 0…255.
    let brightness: Double
    /// The variance of the Laplacian of the grey levels.
    let sharpness: Double
    /// Shares of the bins, red then green then blue, as parts of `wholeShare`, so that large images count no more than
    /// small ones and sums do not depend on their order.
    let shares: [UInt64]

    /// Measures an image of three channels.
    init(_ image: PixelBuffer) {
        width = image.width
        height = image.height
        let count = image.width * image.height
        var bins = [UInt64](repeating: 0, count: 3 * Self.binCount)
        var colourful = false
        image.pixels.withUnsafeBufferPointer { pixels in
            bins.withUnsafeMutableBufferPointer { bins in
                for index in 0..<count {
                    let (red, green, blue) = (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2])
                    bins[Int(red >> 3)] += 1
                    bins[Self.binCount + Int(green >> 3)] += 1
                    bins[2 * Self.binCount + Int(blue >> 3)] += 1
                    if red != green || green != blue { colourful = true }
                }
            }
        }
        isGray = !colourful
        let grey = GreyPlane(image)
        brightness = grey.mean
        shares = bins.map { $0 * Self.wholeShare / UInt64(count) }
        sharpness = grey.laplacianVariance()
    }
}
