import CutisStatistics
package import CutisTensor

/// Watches the inputs of a network's layers during calibration.
///
/// Of each image the row with the largest number is kept, and some rows at random that stand for the others: a token
/// that is far larger than the rest is rare, and decides what a range must hold.
package final class LayerCollector {
    /// Rows that are kept of a layer, over all images.
    private static let rowBudget = 256

    package private(set) var samples: [String: LayerSample] = [:]
    private let shapes: [String: [Int]]
    private let rowsPerImage: Int
    private var generator = SeededGenerator(seed: 2)

    /// - Parameters:
    ///   - shapes: the weight's shape of each layer to watch: [outputs, inputs] or [outputs, inputs, kernel, kernel].
    ///   - images: how many will be shown.
    package init(shapes: [String: [Int]], images: Int) {
        self.shapes = shapes
        rowsPerImage = max(2, Self.rowBudget / max(images, 1))
    }

    /// Takes the input of a layer for one image: [1, tokens, width] or [1, channels, height, width], float32.
    package func observe(_ layer: String, _ x: Tensor) throws {
        guard let shape = shapes[layer] else { return }
        let area = shape.dropFirst(2).reduce(1, *)
        var sample = samples.removeValue(forKey: layer) ?? LayerSample(channels: shape[1], area: area)
        let image = try x.to(.float32).select(dim: 0, index: 0)
        if image.rank == 3 {
            try collectPatches(image, kernel: shape[3], into: &sample)
        } else {
            try collectRows(image, into: &sample)
        }
        samples[layer] = sample
    }

    private func collectRows(_ x: Tensor, into sample: inout LayerSample) throws {
        sample.extend(smallest: try x.min([0]).floats(), largest: try x.max([0]).floats())
        for (row, weight) in chosen(try x.abs().max([1]).floats()) {
            sample.add(try x.select(dim: 0, index: row).floats(), weight: weight)
        }
    }

    /// Patches with any pixel at their centre; padding is zeros.
    private func collectPatches(_ x: Tensor, kernel: Int, into sample: inout LayerSample) throws {
        sample.extend(smallest: try x.min([1, 2]).floats(), largest: try x.max([1, 2]).floats())
        let (height, width, reach) = (x.shape[1], x.shape[2], kernel / 2)
        for (place, weight) in chosen(try x.abs().max([0]).contiguous().floats()) {
            let rows = Self.window(place / width, reach: reach, within: height)
            let columns = Self.window(place % width, reach: reach, within: width)
            let found = try x.narrow(dim: 1, start: rows.lowerBound, length: rows.count)
                .narrow(dim: 2, start: columns.lowerBound, length: columns.count).contiguous().floats()
            var patch = [Float](repeating: 0, count: sample.channels * kernel * kernel)
            let (top, left) = (rows.lowerBound - (place / width - reach), columns.lowerBound - (place % width - reach))
            for (index, value) in found.enumerated() {
                let (channel, inside) = index.quotientAndRemainder(dividingBy: rows.count * columns.count)
                let (row, column) = inside.quotientAndRemainder(dividingBy: columns.count)
                patch[(channel * kernel + row + top) * kernel + column + left] = value
            }
            sample.add(patch, weight: weight)
        }
    }

    private static func window(_ centre: Int, reach: Int, within length: Int) -> Range<Int> {
        max(centre - reach, 0)..<min(centre + reach + 1, length)
    }

    /// The place of the largest number, and random others with what each stands for.
    private func chosen(_ magnitudes: [Float]) -> [(Int, Float)] {
        guard let top = magnitudes.indices.max(by: { magnitudes[$0] < magnitudes[$1] }) else { return [] }
        let others = magnitudes.count - 1
        let count = min(rowsPerImage, others)
        var picked: Set<Int> = []
        while picked.count < count {
            let place = generator.index(below: magnitudes.count)
            if place != top { picked.insert(place) }
        }
        return [(top, 1)] + picked.sorted().map { ($0, Float(others) / Float(count)) }
    }
}
