public import CutisCore

/// Draws a model's attention as a heat map, alone or over the image.
public enum HeatmapOverlay {
    /// Blends a heat map over an image.
    ///
    /// The grid is scaled so that its smallest value is the darkest colour and its largest the lightest (a grid whose
    /// values are all equal shows the darkest), enlarged bilinearly to the image's size and coloured. Values that are
    /// not finite count as the smallest one.
    ///
    /// - Parameters:
    ///   - grid: `rows × columns` values, row-major; row 0 is the top of the image.
    ///   - rows: rows of the grid, at least 1.
    ///   - columns: columns of the grid, at least 1.
    ///   - image: the image, RGB.
    ///   - region: the part of the image that the grid covers, which may reach beyond it; nil for the whole image. What
    ///     lies outside stays as it is.
    ///   - opacity: the share of the heat map in the result, 0…1; values outside are clipped.
    /// - Returns: an RGB image of the image's size.
    /// - Throws: `CutisError` with `.invalidArguments` when the grid has another number of values or the image is not
    ///   RGB.
    public static func render(
        grid: [Float], rows: Int, columns: Int, over image: PixelBuffer, region: PixelRegion? = nil,
        opacity: Float = 0.5
    ) throws(CutisError) -> PixelBuffer {
        guard image.channels == 3 else {
            throw CutisError(
                .invalidArguments, "A heat map is drawn over an RGB image, not over \(image.channels) channels.",
                remedy: "Decode the image with ImageDecoder.")
        }
        let region = region ?? PixelRegion(x: 0, y: 0, width: image.width, height: image.height)
        let heat = try heatmap(grid: grid, rows: rows, columns: columns, width: region.width, height: region.height)
        let share = Int32((min(max(opacity.isFinite ? opacity : 1, 0), 1) * 256).rounded())
        let columnsSeen = max(region.x, 0)..<max(min(region.x + region.width, image.width), max(region.x, 0))
        let rowsSeen = max(region.y, 0)..<max(min(region.y + region.height, image.height), max(region.y, 0))
        var result = image
        result.withUnsafeMutablePixels { pixels in
            heat.pixels.withUnsafeBufferPointer { source in
                for y in rowsSeen {
                    var target = (y * image.width + columnsSeen.lowerBound) * 3
                    var index = ((y - region.y) * region.width + columnsSeen.lowerBound - region.x) * 3
                    for _ in 0..<columnsSeen.count * 3 {
                        let mixed = Int32(source[index]) * share + Int32(pixels[target]) * (256 - share)
                        pixels[target] = UInt8((mixed + 128) >> 8)
                        (target, index) = (target + 1, index + 1)
                    }
                }
            }
        }
        return result
    }

    /// The heat map alone.
    ///
    /// - Parameters:
    ///   - grid: `rows × columns` values, row-major; row 0 is the top of the image.
    ///   - rows: rows of the grid, at least 1.
    ///   - columns: columns of the grid, at least 1.
    ///   - width: columns of the result.
    ///   - height: rows of the result.
    /// - Returns: an RGB image.
    /// - Throws: `CutisError` with `.invalidArguments` when the grid has another number of values or the size is not
    ///   one that an image can have.
    public static func heatmap(
        grid: [Float], rows: Int, columns: Int, width: Int, height: Int
    ) throws(CutisError) -> PixelBuffer {
        let sides = 1...Resampler.maximumSide
        guard (1...65_536).contains(rows), (1...65_536).contains(columns), grid.count == rows * columns else {
            throw CutisError(
                .invalidArguments, "\(grid.count) values do not make a grid of \(rows)×\(columns).",
                remedy: "Give rows × columns values.")
        }
        guard sides.contains(width), sides.contains(height), width * height <= Resampler.maximumPixels else {
            throw CutisError(
                .invalidArguments, "A heat map cannot have \(width)×\(height) pixels.",
                remedy: "Choose sides of 1 to \(Resampler.maximumSide).")
        }
        let scaled = normalised(grid)
        let across = (0..<width).map { Interpolation(position: $0, of: width, over: columns) }
        let colors = ColorMap.heat
        return PixelBuffer.filled(width: width, height: height, channels: 3) { output in
            var target = output
            for y in 0..<height {
                let down = Interpolation(position: y, of: height, over: rows)
                for step in across {
                    let upper = step.mix(scaled, row: down.first * columns)
                    let lower = step.mix(scaled, row: down.second * columns)
                    let value = upper + (lower - upper) * down.share
                    let color = colors[Int((min(max(value, 0), 1) * 255).rounded())]
                    (target[0], target[1], target[2]) = (color[0], color[1], color[2])
                    target += 3
                }
            }
        }
    }

    /// The grid scaled to 0…1; all 0 when its values are equal.
    package static func normalised(_ grid: [Float]) -> [Float] {
        let finite = grid.lazy.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return grid.map { _ in 0 } }
        // In double precision the range of two finite floats cannot overflow.
        let range = Double(high) - Double(low)
        return grid.map { value in
            range > 0 && value.isFinite ? Float((Double(value) - Double(low)) / range) : 0
        }
    }
}

/// Where a pixel falls between two cells of the grid, by pixel centres (align_corners = false), clamped at the border.
private struct Interpolation {
    let first: Int
    let second: Int
    let share: Float

    init(position: Int, of size: Int, over cells: Int) {
        let place = min(max((Float(position) + 0.5) * Float(cells) / Float(size) - 0.5, 0), Float(cells - 1))
        first = Int(place)
        second = min(first + 1, cells - 1)
        share = place - Float(first)
    }

    func mix(_ grid: [Float], row: Int) -> Float {
        grid[row + first] + (grid[row + second] - grid[row + first]) * share
    }
}
