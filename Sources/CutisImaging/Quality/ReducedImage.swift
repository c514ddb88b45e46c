/// A photo at the size at which it is judged: its shorter side is at most `side` cells, each the mean of some pixels.
struct ReducedImage {
    /// The shorter side of a judged photo, that of the common models' input: what is lost at this size, no model sees.
    static let side = 224
    /// The longest side, for photos that are far longer than wide.
    static let maximumSide = 2048
    /// The units of one grey level, so that rounding adds nothing to the sharpness of smooth skin.
    static let unit = 16
    /// Pixels that are averaged for a cell, along each side: 9 of the 170 pixels that a cell of a 12-megapixel photo
    /// covers are enough, and reading all would take longer than everything else.
    private static let maximumSamples = 3

    let width: Int
    let height: Int
    /// Red, green and blue of each cell, 0…255 in units of 1/16.
    let colors: [UInt16]

    init(_ image: PixelBuffer) {
        let shorter = min(image.width, image.height)
        let factor = max(1, Double(shorter) / Double(Self.side), Double(image.width) / Double(Self.maximumSide))
        let factorY = max(factor, Double(image.height) / Double(Self.maximumSide))
        let (width, height) = (
            max(Int((Double(image.width) / factorY).rounded()), 1),
            max(Int((Double(image.height) / factorY).rounded()), 1)
        )
        let columns = Self.places(of: image.width, cells: width)
        let rows = Self.places(of: image.height, cells: height)
        self.width = width
        self.height = height
        colors = [UInt16](unsafeUninitializedCapacity: width * height * 3) { output, count in
            image.pixels.withUnsafeBufferPointer { pixels in
                guard let source = pixels.baseAddress, var target = output.baseAddress else { return }
                Self.average(source, image.width, columns, rows, &target)
            }
            count = width * height * 3
        }
    }

    /// Where the samples of each cell lie, cell after cell.
    private struct Places {
        let perCell: Int
        let places: [Int]
    }

    private static func places(of size: Int, cells: Int) -> Places {
        let extent = Double(size) / Double(cells)
        let samples = min(max(Int(extent.rounded(.up)), 1), maximumSamples)
        let places = (0..<cells * samples).map { index in
            min(Int((Double(index) + 0.5) * extent / Double(samples)), size - 1)
        }
        return Places(perCell: samples, places: places)
    }

    private static func average(
        _ source: UnsafePointer<UInt8>, _ sourceWidth: Int, _ columns: Places, _ rows: Places,
        _ target: inout UnsafeMutablePointer<UInt16>
    ) {
        let (perRow, perColumn) = (columns.perCell, rows.perCell)
        let offsets = columns.places.map { $0 * 3 }
        // unit / samples as a part of 2¹⁶, so that the mean takes one multiplication.
        let scale = UInt32(unit << 16) / UInt32(perRow * perColumn)
        offsets.withUnsafeBufferPointer { offsets in
            for row in stride(from: 0, to: rows.places.count, by: perColumn) {
                for column in stride(from: 0, to: offsets.count, by: perRow) {
                    var (red, green, blue): (UInt32, UInt32, UInt32) = (0, 0, 0)
                    for y in row..<row + perColumn {
                        let line = source + rows.places[y] * sourceWidth * 3
                        for x in column..<column + perRow {
                            let pixel = line + offsets[x]
                            red += UInt32(pixel[0])
                            green += UInt32(pixel[1])
                            blue += UInt32(pixel[2])
                        }
                    }
                    target[0] = mean(red, scale)
                    target[1] = mean(green, scale)
                    target[2] = mean(blue, scale)
                    target += 3
                }
            }
        }
    }

    /// Rounded to the nearest unit.
    private static func mean(_ sum: UInt32, _ scale: UInt32) -> UInt16 {
        UInt16(truncatingIfNeeded: (UInt64(sum) * UInt64(scale) + 0x8000) >> 16)
    }

    /// The grey levels of the cells.
    var grey: GreyPlane {
        let levels = colors.withUnsafeBufferPointer { colors in
            (0..<width * height).map { cell in
                let red = UInt32(colors[3 * cell]) * 4899
                let green = UInt32(colors[3 * cell + 1]) * 9617
                let blue = UInt32(colors[3 * cell + 2]) * 1868
                return UInt16(truncatingIfNeeded: (red + green + blue + 8192) >> 14)
            }
        }
        return GreyPlane(width: width, height: height, unit: Self.unit, levels: levels)
    }
}
