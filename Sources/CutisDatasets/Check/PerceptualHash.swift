public import CutisImaging
import Foundation

/// A 64-bit fingerprint of how an image looks: the signs of its lowest spatial frequencies (pHash).
///
/// Equal bit by bit to `phash` of the Python package ImageHash 4.3: grey values as Pillow's `convert("L")`, Lanczos
/// resize to 32×32, two-dimensional DCT-II, the 8×8 lowest frequencies, and one bit for each that is above their
/// median. Resized, recompressed or slightly brightened copies differ in a few bits; unrelated images in about 32.
///
/// Those bits say little of images that are all alike, such as a dark spot on bright skin: of 5,984 different lesions of
/// HAM10000, 1,120 pairs differ in 8 bits or less. So the signs of the next 192 frequencies are kept too. They are
/// unrelated in different images (at least 41 differ in those pairs) and survive what copies go through (at most 38
/// differ after a new JPEG of quality 50, half size, 15 % more brightness, 20 % more contrast or 2 % cropped).
public struct PerceptualHash: Sendable, Hashable {
    /// The 64 bits of pHash; the highest is frequency (0, 0), row after row.
    public let bits: UInt64
    /// The signs of the other frequencies below 16 in both directions.
    public let detail: SIMD3<UInt64>

    /// In how many bits the details of copies may differ.
    public static let maximumDetailDistance = 38

    /// A hash from its bits.
    public init(bits: UInt64, detail: SIMD3<UInt64> = .zero) {
        self.bits = bits
        self.detail = detail
    }

    /// The hash of an image with one channel or with three.
    ///
    /// - Throws: what `Resampler.resize` throws.
    public init(_ image: PixelBuffer) throws {
        self = try Self.variants(of: image, count: 1)[0]
    }

    /// In how many bits two hashes differ, 0…64.
    public func distance(to other: PerceptualHash) -> Int {
        (bits ^ other.bits).nonzeroBitCount
    }

    /// In how many bits the details differ, 0…192.
    public func detailDistance(to other: PerceptualHash) -> Int {
        let difference = detail ^ other.detail
        return difference.x.nonzeroBitCount + difference.y.nonzeroBitCount + difference.z.nonzeroBitCount
    }

    /// The hashes of an image and of its seven turned and mirrored forms, the image's own first.
    ///
    /// They come from one transform: mirroring changes the sign of every odd frequency, turning also exchanges rows
    /// and columns.
    public static func orientations(of image: PixelBuffer) throws -> [PerceptualHash] {
        try variants(of: image, count: 8)
    }

    private static func variants(of image: PixelBuffer, count: Int) throws -> [PerceptualHash] {
        let small = try Resampler.resize(grey(image), width: side, height: side, filter: .lanczos)
        let frequencies = transform(small.pixels)
        return (0..<count).map { variant in
            var turned = frequencies
            for row in 0..<kept {
                for column in 0..<kept {
                    let isTransposed = variant & 4 != 0
                    var value = frequencies[isTransposed ? column * kept + row : row * kept + column]
                    if variant & 1 != 0, column % 2 == 1 { value = -value }
                    if variant & 2 != 0, row % 2 == 1 { value = -value }
                    turned[row * kept + column] = value
                }
            }
            return hash(turned)
        }
    }

    private static let side = 32
    /// Frequencies in each direction, and those of them that pHash has.
    private static let kept = 16
    private static let lowest = 8

    /// cos(π·k·(2n + 1) / 64) for the frequencies k that are kept.
    private static let cosines: [Double] = (0..<kept).flatMap { frequency in
        (0..<side).map { 2 * cos(Double.pi * Double(frequency) * Double(2 * $0 + 1) / Double(2 * side)) }
    }

    /// ITU-R 601 luma in 16-bit fixed point, as Pillow computes it.
    private static func grey(_ image: PixelBuffer) throws -> PixelBuffer {
        guard image.channels == 3 else { return image }
        let count = image.width * image.height
        let grey = [UInt8](unsafeUninitializedCapacity: count) { output, initialised in
            image.pixels.withUnsafeBufferPointer { pixels in
                for index in 0..<count {
                    let red = UInt32(pixels[index * 3]) &* 19595
                    let green = UInt32(pixels[index * 3 + 1]) &* 38470
                    let blue = UInt32(pixels[index * 3 + 2]) &* 7471
                    output[index] = UInt8(truncatingIfNeeded: (red &+ green &+ blue &+ 0x8000) >> 16)
                }
            }
            initialised = count
        }
        return try PixelBuffer(width: image.width, height: image.height, channels: 1, pixels: grey)
    }

    private static func transform(_ pixels: [UInt8]) -> [Double] {
        var columns = [Double](repeating: 0, count: kept * side)
        for frequency in 0..<kept {
            for row in 0..<side {
                let cosine = cosines[frequency * side + row]
                for column in 0..<side {
                    columns[frequency * side + column] += cosine * Double(pixels[row * side + column])
                }
            }
        }
        return (0..<kept * kept).map { index in
            let (row, frequency) = (index / kept, index % kept)
            return (0..<side).reduce(0) { $0 + columns[row * side + $1] * cosines[frequency * side + $1] }
        }
    }

    private static func hash(_ frequencies: [Double]) -> PerceptualHash {
        var low: [Double] = []
        var detail = SIMD3<UInt64>.zero
        var position = 0
        for (index, value) in frequencies.enumerated() {
            if index / kept < lowest, index % kept < lowest {
                low.append(value)
            } else {
                if value > 0 { detail[position / 64] |= 1 << UInt64(position % 64) }
                position += 1
            }
        }
        let sorted = low.sorted()
        let median = (sorted[31] + sorted[32]) / 2
        return PerceptualHash(bits: low.reduce(0) { $0 << 1 | ($1 > median ? 1 : 0) }, detail: detail)
    }
}
