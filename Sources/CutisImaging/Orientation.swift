extension PixelBuffer {
    /// The image turned upright from an EXIF orientation (Exif 2.32, tag 274; Pillow's `exif_transpose`).
    ///
    /// - Parameter orientation: 1…8; any other value leaves the image as it is.
    public func oriented(_ orientation: Int) -> PixelBuffer {
        switch orientation {
        case 2: mirroredLeftRight()
        case 3: rotated180()
        case 4: mirroredTopBottom()
        case 5: transposed()
        case 6: rotated90Clockwise()
        case 7: rotated180().transposed()
        case 8: rotated90CounterClockwise()
        default: self
        }
    }

    /// Left and right exchanged.
    public func mirroredLeftRight() -> PixelBuffer {
        remapped(width: width, height: height, start: width - 1, stepX: -1, stepY: width)
    }

    /// Top and bottom exchanged.
    public func mirroredTopBottom() -> PixelBuffer {
        remapped(width: width, height: height, start: (height - 1) * width, stepX: 1, stepY: -width)
    }

    /// Turned by a half turn.
    public func rotated180() -> PixelBuffer {
        remapped(width: width, height: height, start: height * width - 1, stepX: -1, stepY: -width)
    }

    /// Turned by a quarter turn clockwise; width and height are exchanged.
    public func rotated90Clockwise() -> PixelBuffer {
        remapped(width: height, height: width, start: (height - 1) * width, stepX: -width, stepY: 1)
    }

    /// Turned by a quarter turn counter-clockwise; width and height are exchanged.
    public func rotated90CounterClockwise() -> PixelBuffer {
        remapped(width: height, height: width, start: width - 1, stepX: width, stepY: -1)
    }

    /// Mirrored at the main diagonal; width and height are exchanged.
    public func transposed() -> PixelBuffer {
        remapped(width: height, height: width, start: 0, stepX: width, stepY: 1)
    }

    /// Copies pixels in another order: the pixel at (x, y) of the result is source pixel start + x·stepX + y·stepY.
    private func remapped(width: Int, height: Int, start: Int, stepX: Int, stepY: Int) -> PixelBuffer {
        let channels = channels
        return pixels.withUnsafeBufferPointer { source in
            PixelBuffer.filled(width: width, height: height, channels: channels) { output in
                guard let source = source.baseAddress else { return }
                var target = output
                for y in 0..<height {
                    var pixel = source + (start + y * stepY) * channels
                    for _ in 0..<width {
                        if channels == 3 {
                            (target[0], target[1], target[2]) = (pixel[0], pixel[1], pixel[2])
                        } else {
                            for channel in 0..<channels { target[channel] = pixel[channel] }
                        }
                        target += channels
                        pixel += stepX * channels
                    }
                }
            }
        }
    }
}
