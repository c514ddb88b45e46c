public import CutisCore

/// An 8-bit image in memory: interleaved samples, row-major, no padding between rows.
///
/// `pixels[(y * width + x) * channels + c]` is sample c of the pixel at column x and row y. Decoded images have three
/// channels in the order red, green, blue.
public struct PixelBuffer: Sendable, Hashable {
    /// Columns, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// Samples per pixel, 1…4.
    public let channels: Int
    /// The samples; always `width * height * channels` of them.
    public private(set) var pixels: [UInt8]

    /// Joins a size and its samples.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when a size is below 1, there are more than four channels, or
    ///   the number of samples does not fit the size.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(CutisError) {
        guard let count = Self.sampleCount(width: width, height: height, channels: channels), pixels.count == count
        else {
            throw CutisError(
                .invalidArguments,
                "\(pixels.count) samples do not make an image of \(width)×\(height) with \(channels) channels.",
                remedy: "Give width × height × channels samples, 1 to 4 channels, sides of at least 1.")
        }
        self.init(checkedWidth: width, height: height, channels: channels, pixels: pixels)
    }

    /// Makes an image whose samples are all equal.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when the size is not one that an image can have.
    public init(width: Int, height: Int, channels: Int, repeating value: UInt8) throws(CutisError) {
        let count = Self.sampleCount(width: width, height: height, channels: channels) ?? 0
        try self.init(
            width: width, height: height, channels: channels, pixels: [UInt8](repeating: value, count: count))
    }

    /// For callers that have already made exactly `width * height * channels` samples.
    init(checkedWidth width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// The samples of one pixel; nil outside of the image.
    public func pixel(x: Int, y: Int) -> ArraySlice<UInt8>? {
        guard x >= 0, x < width, y >= 0, y < height else { return nil }
        let start = (y * width + x) * channels
        return pixels[start..<start + channels]
    }

    /// Gives in-place access to the samples; their number cannot change.
    public mutating func withUnsafeMutablePixels<R, E>(
        _ body: (UnsafeMutableBufferPointer<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        try pixels.withUnsafeMutableBufferPointer { (buffer) throws(E) -> R in try body(buffer) }
    }

    /// Makes an image by filling uninitialised memory; `fill` must write every sample.
    static func filled(
        width: Int, height: Int, channels: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Void
    ) -> PixelBuffer {
        let count = width * height * channels
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            if let base = buffer.baseAddress { fill(base) }
            initialised = count
        }
        return PixelBuffer(checkedWidth: width, height: height, channels: channels, pixels: pixels)
    }

    /// `width * height * channels`, or nil for sizes that no image has.
    private static func sampleCount(width: Int, height: Int, channels: Int) -> Int? {
        guard width > 0, height > 0, (1...4).contains(channels) else { return nil }
        let (area, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow else { return nil }
        let (count, tooMany) = area.multipliedReportingOverflow(by: channels)
        return tooMany ? nil : count
    }
}
