public import CutisCore

/// A normalised image as a model takes it.
public struct ImageTensor: Sendable, Hashable {
    /// Channels, 3 for a recipe's result.
    public let channels: Int
    /// Rows.
    public let height: Int
    /// Columns.
    public let width: Int
    /// `values[(c * height + y) * width + x]`, in units of the recipe's standard deviations.
    public let values: [Float]

    /// `[channels, height, width]`.
    public var shape: [Int] { [channels, height, width] }

    /// Joins a shape and its values.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when a size is below 1 or the number of values does not fit.
    public init(channels: Int, height: Int, width: Int, values: [Float]) throws(CutisError) {
        let (area, overflow) = height.multipliedReportingOverflow(by: width)
        let (count, tooMany) = area.multipliedReportingOverflow(by: channels)
        guard channels > 0, height > 0, width > 0, !overflow, !tooMany, values.count == count else {
            throw CutisError(
                .invalidArguments, "\(values.count) values do not make a tensor of \(channels)×\(height)×\(width).",
                remedy: "Give channels × height × width values, sizes of at least 1.")
        }
        self.channels = channels
        self.height = height
        self.width = width
        self.values = values
    }

    /// Normalises samples as torchvision's `ToTensor` and `Normalize`: x/255, then (x − mean)/std, in single precision.
    init(_ image: PixelBuffer, mean: [Float], std: [Float]) {
        channels = image.channels
        height = image.height
        width = image.width
        let (channels, area) = (image.channels, image.width * image.height)
        // 256 possible samples per channel: the table has the very values that the arithmetic gives.
        let table = (0..<channels).flatMap { channel in
            (0..<256).map { (Float($0) / 255 - mean[channel]) / std[channel] }
        }
        values = [Float](unsafeUninitializedCapacity: channels * area) { output, initialised in
            image.pixels.withUnsafeBufferPointer { samples in
                table.withUnsafeBufferPointer { table in
                    guard let sample = samples.baseAddress, let lookup = table.baseAddress,
                        let target = output.baseAddress
                    else { return }
                    for channel in 0..<channels {
                        let plane = target + channel * area
                        let values = lookup + channel * 256
                        for index in 0..<area { plane[index] = values[Int(sample[index * channels + channel])] }
                    }
                }
            }
            initialised = channels * area
        }
    }
}
