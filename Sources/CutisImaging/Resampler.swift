public import CutisCore

/// Resizes 8-bit images with exactly the bytes of Pillow's `Image.resize` (Pillow ≤ 12.3, src/libImaging/Resample.c).
///
/// Weights are 22-bit fixed point; the horizontal pass comes first and its result is rounded to 8 bits; a pass is left
/// out when its size does not change. Only images more than 100 times as high as wide that become lower take the
/// vertical pass first. Every channel is resampled on its own: an image with an alpha channel is not multiplied by it
/// first.
public enum Resampler {
    /// The longest side of a result, in pixels.
    public static let maximumSide = 32_768
    /// The largest width × height of a result, in pixels.
    public static let maximumPixels = 100_000_000

    /// Resizes an image to an exact size.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when a side is below 1 or the result would be larger than
    ///   `maximumSide` or `maximumPixels`.
    public static func resize(
        _ image: PixelBuffer, width: Int, height: Int, filter: ResampleFilter
    ) throws(CutisError) -> PixelBuffer {
        try checkSize(width: width, height: height)
        if width == image.width, height == image.height { return image }
        if filter == .nearest { return nearest(image, width: width, height: height) }
        let columns = ResampleKernel(from: image.width, to: width, filter: filter)
        let rows = ResampleKernel(from: image.height, to: height, filter: filter)
        if isVerticalFirst(image.width, image.height, to: height) {
            return horizontal(vertical(image, rows, height: height), columns, width: width)
        }
        return vertical(horizontal(image, columns, width: width), rows, height: height)
    }

    /// Resizes a decoded image and turns it upright.
    ///
    /// A whole image gets the very bytes that it would get if it were turned first: only the small result is turned,
    /// which for a 12-megapixel photo saves most of the time of its preprocessing.
    ///
    /// - Parameters:
    ///   - width: columns of the upright result.
    ///   - height: rows of the upright result.
    /// - Throws: as `resize(_:width:height:filter:)`.
    static func resize(
        _ image: DecodedImage, width: Int, height: Int, filter: ResampleFilter
    ) throws(CutisError) -> PixelBuffer {
        let orientation = image.orientation
        if image.reduction == 1, orientation == 1 || filter == .nearest {
            return try resize(image.upright, width: width, height: height, filter: filter)
        }
        try checkSize(width: width, height: height)
        let pixels = image.pixels
        let target = CropSize(width: width, height: height).oriented(orientation)
        var columns = ResampleKernel(from: pixels.width, extent: image.extentX, to: target.width, filter: filter)
        var rows = ResampleKernel(from: pixels.height, extent: image.extentY, to: target.height, filter: filter)
        var verticalFirst = CropSize.isTransposed(orientation)
        if image.reduction == 1 {
            // The reference computes its windows along the upright axes, and rounding is not symmetric.
            if [2, 3, 7, 8].contains(orientation) { columns = columns.mirrored }
            if [3, 4, 6, 7].contains(orientation) { rows = rows.mirrored }
            let upright = image.uprightSize
            if isVerticalFirst(upright.width, upright.height, to: height) { verticalFirst.toggle() }
        }
        let resized =
            verticalFirst
            ? horizontal(vertical(pixels, rows, height: target.height), columns, width: target.width)
            : vertical(horizontal(pixels, columns, width: target.width), rows, height: target.height)
        return resized.oriented(orientation)
    }

    private static func checkSize(width: Int, height: Int) throws(CutisError) {
        guard (1...maximumSide).contains(width), (1...maximumSide).contains(height),
            width * height <= maximumPixels
        else {
            throw CutisError(
                .invalidArguments, "An image cannot be resized to \(width)×\(height).",
                remedy: "Choose sides of 1 to \(maximumSide) and at most \(maximumPixels) pixels.")
        }
    }

    /// Whether `Image.resize` takes the vertical pass first.
    private static func isVerticalFirst(_ width: Int, _ height: Int, to newHeight: Int) -> Bool {
        height > width * 100 && newHeight < height
    }

    private static func horizontal(_ image: PixelBuffer, _ kernel: ResampleKernel, width: Int) -> PixelBuffer {
        if width == image.width { return image }
        let (rowIn, rowOut) = (image.width * image.channels, width * image.channels)
        return transform(image, kernel, width: width, height: image.height) { source, output, windows in
            for y in 0..<image.height {
                let row = source + y * rowIn
                let target = output + y * rowOut
                switch image.channels {
                case 1: windows.row1(row, target)
                case 2: windows.row2(row, target)
                case 3: windows.row3(row, target)
                default: windows.row4(row, target)
                }
            }
        }
    }

    private static func vertical(_ image: PixelBuffer, _ kernel: ResampleKernel, height: Int) -> PixelBuffer {
        if height == image.height { return image }
        let row = image.width * image.channels
        return transform(image, kernel, width: image.width, height: height) { source, output, windows in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: row) { sums in
                guard let sums = sums.baseAddress else { return }
                for y in 0..<height { windows.column(y, source, output + y * row, sums, row) }
            }
        }
    }

    private static func transform(
        _ image: PixelBuffer, _ kernel: ResampleKernel, width: Int, height: Int,
        _ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>, ResampleWindows) -> Void
    ) -> PixelBuffer {
        image.pixels.withUnsafeBufferPointer { source in
            ResampleWindows.with(kernel) { windows in
                PixelBuffer.filled(width: width, height: height, channels: image.channels) { output in
                    guard let source = source.baseAddress, let windows else { return }
                    body(source, output, windows)
                }
            }
        }
    }

    /// Pillow's nearest resize adds the step again and again, and rounding errors with it; so must we.
    private static func nearest(_ image: PixelBuffer, width: Int, height: Int) -> PixelBuffer {
        let columns = nearestIndices(from: image.width, to: width)
        let rows = nearestIndices(from: image.height, to: height)
        let channels = image.channels
        return image.pixels.withUnsafeBufferPointer { source in
            PixelBuffer.filled(width: width, height: height, channels: channels) { output in
                guard let source = source.baseAddress else { return }
                var target = output
                for row in rows {
                    for column in columns {
                        let pixel = source + (row * image.width + column) * channels
                        for channel in 0..<channels { target[channel] = pixel[channel] }
                        target += channels
                    }
                }
            }
        }
    }

    private static func nearestIndices(from inSize: Int, to outSize: Int) -> [Int] {
        let step = Double(inSize) / Double(outSize)
        var position = step * 0.5
        return (0..<outSize).map { _ in
            defer { position += step }
            return min(Int(position), inSize - 1)
        }
    }
}
