public import CutisCore

/// How the offset of a centre crop is made whole when the margin is odd.
public enum CropRounding: String, Codable, Sendable, Hashable, CaseIterable {
    /// Half to even, as torchvision, timm and OpenCLIP do: a margin of 77 gives 38, a margin of 3 gives 2.
    case halfEven = "half_even"
    /// Towards zero, as the Hugging Face processors do: a margin of 77 gives 38, a margin of 3 gives 1.
    case down
}

extension PixelBuffer {
    /// The centre of the image, padded first where the image is smaller (torchvision's `center_crop`).
    ///
    /// Padding puts the smaller half at the left and top.
    ///
    /// - Parameters:
    ///   - width: columns of the result.
    ///   - height: rows of the result.
    ///   - rounding: how an odd margin is halved.
    ///   - padding: the sample of each channel where the image does not reach; black where it has too few.
    /// - Throws: `CutisError` with `.invalidArguments` when a side is not 1…`Resampler.maximumSide`.
    public func centerCropped(
        width: Int, height: Int, rounding: CropRounding = .halfEven, padding: [UInt8] = []
    ) throws(CutisError) -> PixelBuffer {
        let sides = 1...Resampler.maximumSide
        guard sides.contains(width), sides.contains(height), width * height <= Resampler.maximumPixels else {
            throw CutisError(
                .invalidArguments, "An image cannot be cropped to \(width)×\(height).",
                remedy: "Choose sides of 1 to \(Resampler.maximumSide).")
        }
        return cropped(
            left: Self.offset(self.width, width, rounding), top: Self.offset(self.height, height, rounding),
            width: width, height: height, padding: padding)
    }

    /// A rectangle of the image; where it reaches outside of the image the result has the padding.
    ///
    /// The caller has checked that width and height are at least 1.
    func cropped(left: Int, top: Int, width: Int, height: Int, padding: [UInt8] = []) -> PixelBuffer {
        let channels = channels
        let columns = max(left, 0)..<max(min(left + width, self.width), max(left, 0))
        let isInside = left >= 0 && top >= 0 && left + width <= self.width && top + height <= self.height
        return pixels.withUnsafeBufferPointer { source in
            PixelBuffer.filled(width: width, height: height, channels: channels) { output in
                guard let source = source.baseAddress else { return }
                if !isInside { Self.fill(output, pixels: width * height, channels: channels, padding) }
                for y in max(top, 0)..<max(min(top + height, self.height), max(top, 0)) {
                    let target = output + ((y - top) * width + columns.lowerBound - left) * channels
                    target.update(
                        from: source + (y * self.width + columns.lowerBound) * channels,
                        count: columns.count * channels)
                }
            }
        }
    }

    private static func fill(
        _ output: UnsafeMutablePointer<UInt8>, pixels: Int, channels: Int, _ padding: [UInt8]
    ) {
        for channel in 0..<channels {
            let value = channel < padding.count ? padding[channel] : 0
            for index in 0..<pixels { output[index * channels + channel] = value }
        }
    }

    /// Where the crop starts; negative where padding comes first.
    private static func offset(_ size: Int, _ crop: Int, _ rounding: CropRounding) -> Int {
        let margin = size - crop
        guard margin >= 0 else { return -((-margin) / 2) }
        guard margin % 2 == 1, rounding == .halfEven else { return margin / 2 }
        // margin/2 lies between two whole numbers: the even one of them.
        return (margin / 2).isMultiple(of: 2) ? margin / 2 : margin / 2 + 1
    }
}
