import Foundation

/// What stands out from the skin of a photo, darker or redder: where it lies and how large it is.
///
/// It is a coarse segmentation for a hint at the framing, on a grid of some 3,000 cells; it is no outline of a lesion.
struct FramingMeasure {
    /// How much darker or redder than the skin around it the region is: binary orders of magnitude.
    let strength: Double
    /// The region's share of the photo.
    let area: Double
    /// The share of the photo's outermost cells that belong to the region.
    let border: Double
    /// The share of the middle (half of each side) that stands out.
    let middle: Double

    /// The shorter side of the grid.
    private static let side = 48

    /// Nil where everything is equally bright and red, or too dark to say.
    init?(_ image: ReducedImage, _ grey: GreyPlane) {
        let grid = Grid(image, grey, side: Self.side)
        let scores = grid.scores
        let lit = scores.filter(\.isFinite)
        guard lit.count > scores.count / 4, let threshold = Self.otsuThreshold(lit) else { return nil }
        let inside = lit.filter { $0 > threshold }
        let outside = lit.filter { $0 <= threshold }
        guard !inside.isEmpty, !outside.isEmpty else { return nil }
        strength = inside.reduce(0, +) / Double(inside.count) - outside.reduce(0, +) / Double(outside.count)
        let mask = scores.map { $0.isFinite && $0 > threshold }
        let region = grid.largestRegion(mask)
        area = Double(region.count) / Double(scores.count)
        let edge = grid.edgeCount
        border = Double(region.count { grid.isOnEdge($0) }) / Double(edge)
        let middleCells = (0..<scores.count).filter { grid.isInMiddle($0) }
        middle = Double(middleCells.count { mask[$0] }) / Double(max(middleCells.count, 1))
    }

    /// The threshold that parts numbers into two groups of the least variance (Otsu 1979); nil for equal numbers.
    private static func otsuThreshold(_ values: [Double]) -> Double? {
        guard let low = values.min(), let high = values.max(), high > low else { return nil }
        let bins = 64
        var (counts, sums) = ([Double](repeating: 0, count: bins), [Double](repeating: 0, count: bins))
        for value in values {
            let bin = min(Int((value - low) / (high - low) * Double(bins)), bins - 1)
            counts[bin] += 1
            sums[bin] += value
        }
        let (count, sum) = (Double(values.count), sums.reduce(0, +))
        var (seen, seenSum, best) = (0.0, 0.0, (variance: -1.0, bin: 0))
        for bin in 0..<bins - 1 {
            seen += counts[bin]
            seenSum += sums[bin]
            guard seen > 0, seen < count else { continue }
            let difference = seenSum / seen - (sum - seenSum) / (count - seen)
            let variance = seen * (count - seen) * difference * difference
            if variance > best.variance { best = (variance, bin) }
        }
        return low + (high - low) * Double(best.bin + 1) / Double(bins)
    }
}

/// A photo as a coarse grid of how far each cell stands out.
private struct Grid {
    let width: Int
    let height: Int
    /// Darkness and redness of each cell against the photo's lighter half; infinite for cells without light.
    let scores: [Double]

    init(_ image: ReducedImage, _ grey: GreyPlane, side: Int) {
        let step = max(min(image.width, image.height) / side, 1)
        let (width, height) = (max(image.width / step, 1), max(image.height / step, 1))
        var darkness: [Double] = []
        var redness: [Double] = []
        for row in 0..<height {
            for column in 0..<width {
                var (level, red, green) = (0.0, 0.0, 0.0)
                for y in row * step..<min((row + 1) * step, image.height) {
                    for x in column * step..<min((column + 1) * step, image.width) {
                        let cell = y * image.width + x
                        level += Double(grey.levels[cell])
                        red += Double(image.colors[3 * cell])
                        green += Double(image.colors[3 * cell + 1])
                    }
                }
                let one = Double(step * step * ReducedImage.unit)
                // The dark ring of a dermatoscope is no lesion.
                let isLit = level >= 20 * one
                darkness.append(isLit ? -log2(level + one) : .infinity)
                redness.append(isLit ? log2((red + one) / (green + one)) : .infinity)
            }
        }
        let (skinLevel, skinRedness) = (Self.lowerQuartile(darkness), Self.lowerQuartile(redness))
        self.width = width
        self.height = height
        scores = zip(darkness, redness).map { $0 - skinLevel + max($1 - skinRedness, 0) }
    }

    private static func lowerQuartile(_ values: [Double]) -> Double {
        let finite = values.filter(\.isFinite).sorted()
        return finite.isEmpty ? 0 : finite[finite.count / 4]
    }

    var edgeCount: Int { width * height - max(width - 2, 0) * max(height - 2, 0) }

    func isOnEdge(_ cell: Int) -> Bool {
        let (x, y) = (cell % width, cell / width)
        return x == 0 || y == 0 || x == width - 1 || y == height - 1
    }

    func isInMiddle(_ cell: Int) -> Bool {
        let (x, y) = (cell % width, cell / width)
        return x >= width / 4 && x < width - width / 4 && y >= height / 4 && y < height - height / 4
    }

    /// The cells of the largest connected region of a mask, by the four neighbours.
    func largestRegion(_ mask: [Bool]) -> [Int] {
        var isOpen = mask
        var largest: [Int] = []
        for start in mask.indices where isOpen[start] {
            var region = [start]
            isOpen[start] = false
            var next = 0
            while next < region.count {
                let cell = region[next]
                next += 1
                let x = cell % width
                for (neighbour, exists) in [
                    (cell - 1, x > 0), (cell + 1, x < width - 1), (cell - width, cell >= width),
                    (cell + width, cell + width < mask.count),
                ] where exists && isOpen[neighbour] {
                    isOpen[neighbour] = false
                    region.append(neighbour)
                }
            }
            if region.count > largest.count { largest = region }
        }
        return largest
    }
}
