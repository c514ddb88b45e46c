import CVips

/// Samples as a decoder gives them → 8-bit RGB.
struct SampleConversion {
    private let width: Int
    private let height: Int
    private let bands: Int
    private let colours: Int
    private let isDeep: Bool
    private let blends: Bool

    init(_ info: CVipsInfo, alpha: AlphaRule) {
        width = Int(info.width)
        height = Int(info.height)
        bands = Int(info.bands)
        colours = info.model.colourCount
        isDeep = info.sample_bytes == 2
        blends = alpha == .white && bands == colours + 1 && colours != 4
    }

    /// Converts as Pillow's `convert("RGB")`; of 16-bit samples the high byte is kept.
    func rgb(_ samples: [UInt8]) -> PixelBuffer {
        let bytes = isDeep ? Self.highBytes(samples) : samples
        if colours == 3, bands == 3 {
            return PixelBuffer(checkedWidth: width, height: height, channels: 3, pixels: bytes)
        }
        return PixelBuffer.filled(width: width, height: height, channels: 3) { output in
            bytes.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress else { return }
                for index in 0..<width * height { convert(source + index * bands, output + index * 3) }
            }
        }
    }

    private func convert(_ pixel: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        switch colours {
        case 1: (target[0], target[1], target[2]) = (pixel[0], pixel[0], pixel[0])
        case 3: (target[0], target[1], target[2]) = (pixel[0], pixel[1], pixel[2])
        default: Self.cmyk(pixel, target)
        }
        if blends { Self.layOverWhite(target, alpha: pixel[colours]) }
    }

    /// Pillow's CMYK → RGB: (255 − k) − c·(255 − k)/255, rounded; no colour profile.
    private static func cmyk(_ pixel: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        let light = 255 - pixel[3]
        for channel in 0..<3 { target[channel] = light - multiply(pixel[channel], light) }
    }

    /// Pillow's `paste` of the colours over white with alpha as the mask.
    static func layOverWhite(_ target: UnsafeMutablePointer<UInt8>, alpha: UInt8) {
        let (white, share) = (255 * (255 - UInt32(alpha)), UInt32(alpha))
        for channel in 0..<3 {
            target[channel] = UInt8(truncatingIfNeeded: divide255(white + UInt32(target[channel]) * share))
        }
    }

    private static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: divide255(UInt32(left) * UInt32(right)))
    }

    /// value / 255 rounded to nearest, exact for 0…65,025.
    private static func divide255(_ value: UInt32) -> UInt32 {
        let biased = value + 128
        return ((biased >> 8) + biased) >> 8
    }

    private static func highBytes(_ samples: [UInt8]) -> [UInt8] {
        let count = samples.count / 2
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialised in
            samples.withUnsafeBytes { input in
                for index in 0..<count {
                    output[index] = UInt8(input.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self) >> 8)
                }
            }
            initialised = count
        }
    }
}
