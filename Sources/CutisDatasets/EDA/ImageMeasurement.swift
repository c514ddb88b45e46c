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
        var levels = [UInt8](repeating: 0, count: count)
        var bins = [UInt64](repeating: 0, count: 3 * Self.binCount)
        var colourful = false
        var sum: UInt64 = 0
        image.pixels.withUnsafeBufferPointer { pixels in
            bins.withUnsafeMutableBufferPointer { bins in
                levels.withUnsafeMutableBufferPointer { levels in
                    for index in 0..<count {
                        let (red, green, blue) = (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2])
                        bins[Int(red >> 3)] += 1
                        bins[Self.binCount + Int(green >> 3)] += 1
                        bins[2 * Self.binCount + Int(blue >> 3)] += 1
                        if red != green || green != blue { colourful = true }
                        let grey = Self.grey(red, green, blue)
                        levels[index] = grey
                        sum += UInt64(grey)
                    }
                }
            }
        }
        isGray = !colourful
        brightness = Double(sum) / Double(count)
        shares = bins.map { $0 * Self.wholeShare / UInt64(count) }
        sharpness = levels.withUnsafeBufferPointer { Self.laplacianVariance($0, image.width, image.height) }
    }

    /// The grey level of ITU-R BT.601 in OpenCV's fixed point: 0.299, 0.587 and 0.114 as parts of 2¹⁴.
    private static func grey(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        let weighted = UInt32(red) * 4899 + UInt32(green) * 9617 + UInt32(blue) * 1868
        return UInt8(truncatingIfNeeded: (weighted + 8192) >> 14)
    }

    /// The variance of the 4-neighbour Laplacian, borders mirrored without their own pixel (`cv2.Laplacian(…).var()`).
    ///
    /// Blurred images have few edges and so a small variance (Pech-Pacheco et al. 2000).
    private static func laplacianVariance(_ grey: UnsafeBufferPointer<UInt8>, _ width: Int, _ height: Int) -> Double {
        guard let base = grey.baseAddress else { return 0 }
        var sum: Int64 = 0
        var squares: Int64 = 0
        for y in 0..<height {
            let row = base + y * width
            let above = base + mirrored(y - 1, height) * width
            let below = base + mirrored(y + 1, height) * width
            func add(_ x: Int, _ left: Int, _ right: Int) {
                let across = Int32(row[left]) + Int32(row[right])
                let value = Int64(across + Int32(above[x]) + Int32(below[x]) - 4 * Int32(row[x]))
                sum += value
                squares += value * value
            }
            add(0, mirrored(-1, width), mirrored(1, width))
            if width > 2 { for x in 1..<width - 1 { add(x, x - 1, x + 1) } }
            if width > 1 { add(width - 1, width - 2, mirrored(width, width)) }
        }
        let count = Double(width * height)
        let mean = Double(sum) / count
        return max(Double(squares) / count - mean * mean, 0)
    }

    private static func mirrored(_ index: Int, _ count: Int) -> Int {
        if count == 1 { return 0 }
        if index < 0 { return -index }
        return index < count ? index : 2 * count - 2 - index
    }
}
