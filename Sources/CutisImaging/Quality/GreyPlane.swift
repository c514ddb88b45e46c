/// Grey levels of an image: the luma of ITU-R BT.601, in whole parts of a grey level.
package struct GreyPlane: Sendable {
    /// Columns.
    package let width: Int
    /// Rows.
    package let height: Int
    /// How many units make one of the 256 grey levels.
    package let unit: Int
    /// The levels, row-major.
    package let levels: [UInt16]

    /// The levels of an RGB image as OpenCV rounds them: 0.299, 0.587 and 0.114 as parts of 2¹⁴, one unit a level.
    package init(_ image: PixelBuffer) {
        (width, height, unit) = (image.width, image.height, 1)
        levels = image.pixels.withUnsafeBufferPointer { pixels in
            (0..<image.width * image.height).map { index in
                let red = UInt32(pixels[3 * index]) * 4899
                let green = UInt32(pixels[3 * index + 1]) * 9617
                let blue = UInt32(pixels[3 * index + 2]) * 1868
                return UInt16(truncatingIfNeeded: (red + green + blue + 8192) >> 14)
            }
        }
    }

    /// Joins levels with their unit.
    init(width: Int, height: Int, unit: Int, levels: [UInt16]) {
        self.width = width
        self.height = height
        self.unit = unit
        self.levels = levels
    }

    /// The mean, 0…255.
    package var mean: Double {
        Double(levels.reduce(into: UInt64(0)) { $0 += UInt64($1) }) / Double(levels.count * unit)
    }

    /// The variance of the levels, in squared grey levels.
    var variance: Double {
        let squares = levels.reduce(into: UInt64(0)) { $0 += UInt64($1) * UInt64($1) }
        let scale = Double(unit * unit)
        return max(Double(squares) / Double(levels.count) / scale - mean * mean, 0)
    }

    /// The variance of the 4-neighbour Laplacian, borders mirrored without their own pixel (`cv2.Laplacian(…).var()`).
    ///
    /// Blurred images have few edges and so a small variance (Pech-Pacheco et al. 2000).
    package func laplacianVariance() -> Double {
        laplacianVariance(rows: 0..<height, columns: 0..<width)
    }

    /// The same of one part of the image; its neighbours outside of the part count as they are.
    func laplacianVariance(rows: Range<Int>, columns: Range<Int>) -> Double {
        guard !rows.isEmpty, !columns.isEmpty else { return 0 }
        return levels.withUnsafeBufferPointer { levels in
            guard let base = levels.baseAddress else { return 0 }
            var sum: Int64 = 0
            var squares: Int64 = 0
            for y in rows {
                let row = base + y * width
                let above = base + Self.mirrored(y - 1, height) * width
                let below = base + Self.mirrored(y + 1, height) * width
                func add(_ x: Int, _ left: Int, _ right: Int) {
                    let across = Int32(row[left]) + Int32(row[right])
                    let value = Int64(across + Int32(above[x]) + Int32(below[x]) - 4 * Int32(row[x]))
                    sum += value
                    squares += value * value
                }
                let inner = columns.clamped(to: 1..<max(width - 1, 1))
                if columns.lowerBound == 0 { add(0, Self.mirrored(-1, width), Self.mirrored(1, width)) }
                for x in inner { add(x, x - 1, x + 1) }
                if width > 1, columns.upperBound == width {
                    add(width - 1, width - 2, Self.mirrored(width, width))
                }
            }
            let count = Double(rows.count * columns.count)
            let mean = Double(sum) / count
            return max(Double(squares) / count - mean * mean, 0) / Double(unit * unit)
        }
    }

    private static func mirrored(_ index: Int, _ count: Int) -> Int {
        if count == 1 { return 0 }
        if index < 0 { return -index }
        return index < count ? index : 2 * count - 2 - index
    }
}
