package import Foundation

/// How much memory the decoding of an image will take, told from its header alone.
package enum ImageMemory {
    /// The decoded photo, its upright copy and what is resized from it: 3 bytes × 3.
    private static let bytesPerPixel = 9
    /// Where the header does not say: what a photo's file grows by when it is decoded.
    private static let growth = 40

    /// The estimate in bytes, never 0; a header that lies is found by the decoder, within its own limits.
    package static func estimate(_ data: Data) -> Int {
        let bytes = data.prefix(1 << 20)
        let estimate = data.count.multipliedReportingOverflow(by: growth)
        guard let (width, height) = pngSize(bytes) ?? jpegSize(bytes) else {
            return max(1, estimate.overflow ? .max : estimate.partialValue)
        }
        // Both are below 2³² by their fields, so that the product of three needs more than 64 bits at worst.
        let pixels = width.multipliedReportingOverflow(by: height)
        let total = pixels.partialValue.multipliedReportingOverflow(by: bytesPerPixel)
        return pixels.overflow || total.overflow ? .max : max(1, total.partialValue + data.count)
    }

    private static func pngSize(_ data: Data) -> (Int, Int)? {
        let start = data.startIndex
        guard data.count >= 24, data.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return nil }
        return (number(data, start + 16, 4), number(data, start + 20, 4))
    }

    /// Width and height of the first frame header (ITU-T T.81, B.2.2).
    private static func jpegSize(_ data: Data) -> (Int, Int)? {
        guard data.starts(with: [0xFF, 0xD8]) else { return nil }
        var place = data.startIndex + 2
        while place + 9 <= data.endIndex {
            guard data[place] == 0xFF else { return nil }
            let marker = data[place + 1]
            if marker == 0xFF {
                place += 1
                continue
            }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                return (number(data, place + 7, 2), number(data, place + 5, 2))
            }
            let length = number(data, place + 2, 2)
            guard length >= 2, marker != 0xD9, marker != 0xDA else { return nil }
            place += 2 + length
        }
        return nil
    }

    private static func number(_ data: Data, _ place: Int, _ count: Int) -> Int {
        data[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
    }
}
