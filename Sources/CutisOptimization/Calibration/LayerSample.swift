/// What calibration keeps of the inputs of one layer: exact extremes, and a few rows that stand for all.
///
/// A row is a token of a linear layer, or the patch under the kernel of a convolution in the order of its weights
/// [channels, kernel, kernel].
package struct LayerSample {
    /// Input channels.
    package let channels: Int
    /// Numbers of a row for each channel: 1, or the area of the kernel.
    package let area: Int
    /// The smallest number of each channel over everything that was seen.
    package private(set) var smallest: [Float]
    /// The largest number of each channel over everything that was seen.
    package private(set) var largest: [Float]
    /// The rows behind each other, each channels × area long.
    package private(set) var values: [Float] = []
    /// For how many rows each row stands.
    package private(set) var weights: [Float] = []

    package init(channels: Int, area: Int = 1) {
        self.channels = channels
        self.area = area
        smallest = Array(repeating: .infinity, count: channels)
        largest = Array(repeating: -.infinity, count: channels)
    }

    /// How many rows there are.
    package var rows: Int { weights.count }

    /// The largest magnitude of each channel; 0 where nothing was seen.
    var magnitudes: [Float] { zip(smallest, largest).map { $0 > $1 ? 0 : max(abs($0), abs($1)) } }

    /// Adds a row that stands for `weight` rows.
    mutating func add(_ row: [Float], weight: Float) {
        values += row
        weights.append(weight)
    }

    /// Widens the extremes of the channels.
    mutating func extend(smallest other: [Float], largest more: [Float]) {
        for channel in 0..<channels {
            smallest[channel] = min(smallest[channel], other[channel])
            largest[channel] = max(largest[channel], more[channel])
        }
    }
}
