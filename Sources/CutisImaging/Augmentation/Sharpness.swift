extension PixelBuffer {
    /// Softer or sharper, with exactly the pixels of Pillow's `ImageEnhance.Sharpness`: 0 gives the image smoothed by
    /// (1 1 1; 1 5 1; 1 1 1)/13, 1 the image itself. For RGB images; others are returned as they are.
    public func adjustingSharpness(_ factor: Float) -> PixelBuffer {
        guard channels == 3, width >= 3, height >= 3 else { return self }
        let row = width * 3
        return pixels.withUnsafeBufferPointer { source in
            PixelBuffer.filled(width: width, height: height, channels: 3) { output in
                for index in source.indices { output[index] = source[index] }
                // The border is not smoothed, and the image blended with itself is itself.
                for y in 1..<(height - 1) {
                    for index in (y * row + 3)..<((y + 1) * row - 3) {
                        let smooth = Self.smoothed(source, at: index, row: row)
                        output[index] = Self.blend(smooth, source[index], factor)
                    }
                }
            }
        }
    }

    /// A thirteenth is never a half, so whole numbers round as Pillow's floating point does.
    private static func smoothed(_ source: UnsafeBufferPointer<UInt8>, at index: Int, row: Int) -> UInt8 {
        var sum = 4 * Int(source[index])
        for line in [index - row, index, index + row] {
            sum += Int(source[line - 3]) + Int(source[line]) + Int(source[line + 3])
        }
        return UInt8((2 * sum + 13) / 26)
    }
}
