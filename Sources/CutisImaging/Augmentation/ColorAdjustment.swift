import Foundation

/// Colour changes with exactly the pixels of torchvision's `adjust_…` on PIL images (Pillow's `ImageEnhance` and HSV).
///
/// All of them are for RGB images; an image with another number of channels is returned as it is.
extension PixelBuffer {
    /// Lighter or darker: 0 gives black, 1 the image itself.
    public func adjustingBrightness(_ factor: Float) -> PixelBuffer {
        mappingSamples { _, sample in Self.blend(0, sample, factor) }
    }

    /// More or less contrast: 0 gives the mean gray, 1 the image itself.
    public func adjustingContrast(_ factor: Float) -> PixelBuffer {
        guard channels == 3 else { return self }
        let sum = pixels.withUnsafeBufferPointer { samples in
            stride(from: 0, to: samples.count - 2, by: 3).reduce(0) { sum, index in
                sum + Int(Self.luma(samples[index], samples[index + 1], samples[index + 2]))
            }
        }
        let mean = UInt8(Double(sum) / Double(width * height) + 0.5)
        return mappingSamples { _, sample in Self.blend(mean, sample, factor) }
    }

    /// More or less colourful: 0 gives a gray image, 1 the image itself.
    public func adjustingSaturation(_ factor: Float) -> PixelBuffer {
        mappingPixels { pixel, target in
            let gray = Self.luma(pixel[0], pixel[1], pixel[2])
            target[0] = Self.blend(gray, pixel[0], factor)
            target[1] = Self.blend(gray, pixel[1], factor)
            target[2] = Self.blend(gray, pixel[2], factor)
        }
    }

    /// Turns the hue.
    ///
    /// - Parameter shift: −0.5…0.5 turns of the colour circle; values outside are clipped.
    public func adjustingHue(_ shift: Double) -> PixelBuffer {
        let steps = UInt8(truncatingIfNeeded: Int(min(max(shift.isFinite ? shift : 0, -0.5), 0.5) * 255))
        return mappingPixels { pixel, target in
            let (hue, saturation, value) = Self.hsv(pixel[0], pixel[1], pixel[2])
            (target[0], target[1], target[2]) = Self.rgb(hue &+ steps, saturation, value)
        }
    }

    /// Makes an image of the same size, pixel by pixel from this one's.
    private func mappingPixels(
        _ change: (_ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) -> Void
    ) -> PixelBuffer {
        guard channels == 3 else { return self }
        return pixels.withUnsafeBufferPointer { source in
            PixelBuffer.filled(width: width, height: height, channels: 3) { output in
                guard var source = source.baseAddress else { return }
                var target = output
                let end = output + width * height * 3
                while target < end {
                    change(source, target)
                    source += 3
                    target += 3
                }
            }
        }
    }

    /// Pillow's RGB → L (ITU-R 601-2 in 16-bit fixed point).
    static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        let sum: UInt32 = UInt32(red) &* 19595 &+ UInt32(green) &* 38470 &+ UInt32(blue) &* 7471
        return UInt8(truncatingIfNeeded: (sum &+ 0x8000) >> 16)
    }

    /// Pillow's `Image.blend` in single precision: truncated, and clipped where it leaves 0…255.
    static func blend(_ from: UInt8, _ to: UInt8, _ share: Float) -> UInt8 {
        let value = Float(from) + share * Float(Int32(to) - Int32(from))
        return UInt8(truncatingIfNeeded: Int32(min(max(value, 0), 255)))
    }

    /// Pillow's `rgb2hsv_row`: mixed single and double precision, truncated.
    private static func hsv(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> (UInt8, UInt8, UInt8) {
        let (high, low) = (max(red, green, blue), min(red, green, blue))
        guard high != low else { return (0, 0, high) }
        let range = Float(high - low)
        let saturation = range / Float(high)
        let toRed = Float(high - red) / range
        let toGreen = Float(high - green) / range
        let toBlue = Float(high - blue) / range
        let sector: Float =
            if red == high {
                toBlue - toGreen
            } else if green == high {
                Float(2 + Double(toRed) - Double(toBlue))
            } else {
                Float(4 + Double(toGreen) - Double(toRed))
            }
        let hue = Float(fmod(Double(sector) / 6 + 1, 1))
        return (UInt8(Double(hue) * 255), UInt8(Double(saturation) * 255), high)
    }

    /// Pillow's `hsv2rgb`.
    private static func rgb(_ hue: UInt8, _ saturation: UInt8, _ value: UInt8) -> (UInt8, UInt8, UInt8) {
        guard saturation > 0 else { return (value, value, value) }
        let position = Double(hue) * 6 / 255
        let sector = Int(position)
        let rest = Float(position - Double(sector))
        let strength = Float(Double(saturation) / 255)
        func level(_ loss: Double) -> UInt8 {
            UInt8(min(max((Double(value) * (1 - loss)).rounded(.toNearestOrAwayFromZero), 0), 255))
        }
        let low = level(Double(strength))
        let falling = level(Double(strength * rest))
        let rising = level(Double(strength) * (1 - Double(rest)))
        return switch sector % 6 {
        case 0: (value, rising, low)
        case 1: (falling, value, low)
        case 2: (low, value, rising)
        case 3: (low, falling, value)
        case 4: (rising, low, value)
        default: (value, low, falling)
        }
    }
}
