public import CutisCore

/// (sample / 255 − mean) / deviation of RGB images, with the very numbers of `PreprocessingRecipe.normalize(_:)`.
public struct ChannelNormalisation: Sendable {
    /// [3, 256]: one number for each sample that a channel can have.
    private let table: [Float]

    /// Mean and deviation of each of the three channels, on the scale 0…1.
    ///
    /// - Throws: `CutisError` with `.configInvalid` unless there are three finite means and three positive deviations.
    public init(mean: [Float], deviation: [Float]) throws(CutisError) {
        guard mean.count == 3, deviation.count == 3, mean.allSatisfy(\.isFinite),
            deviation.allSatisfy({ $0 > 0 && $0.isFinite })
        else {
            throw CutisError(
                .configInvalid, "The normalisation needs three means and three positive deviations.",
                remedy: "Correct the recipe.")
        }
        table = (0..<3).flatMap { channel in (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] } }
    }

    /// Writes an RGB image as interleaved numbers, [height, width, 3].
    ///
    /// - Parameter output: exactly as many places as the image has samples.
    /// - Throws: `CutisError` with `.invalidArguments` when the image is not RGB or the places do not fit.
    public func write(_ image: PixelBuffer, to output: UnsafeMutableBufferPointer<Float>) throws(CutisError) {
        guard image.channels == 3, image.pixels.count == output.count else {
            throw CutisError(
                .invalidArguments,
                "An image of \(image.width)×\(image.height) with \(image.channels) channels does not fill "
                    + "\(output.count) places.", remedy: "Give an RGB image of the size that the batch has.")
        }
        table.withUnsafeBufferPointer { table in
            image.pixels.withUnsafeBufferPointer { samples in
                guard let table = table.baseAddress, let samples = samples.baseAddress,
                    let output = output.baseAddress
                else { return }
                var index = 0
                while index < image.width * image.height * 3 {
                    output[index] = table[Int(samples[index])]
                    output[index + 1] = (table + 256)[Int(samples[index + 1])]
                    output[index + 2] = (table + 512)[Int(samples[index + 2])]
                    index += 3
                }
            }
        }
    }
}
