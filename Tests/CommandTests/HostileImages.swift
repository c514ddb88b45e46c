import CutisCore
import CutisImaging
import Foundation
import TestImages

/// Files that somebody might send as an image, and what the service has to say to them.
struct HostileImage: Sendable {
    let name: String
    let data: Data
    /// The problem's code; nil for a legal image, which is answered.
    let code: ErrorCode?

    init(_ name: String, _ data: Data, _ code: ErrorCode?) {
        self.name = name
        self.data = data
        self.code = code
    }

    init(_ name: String, _ bytes: [UInt8], _ code: ErrorCode?) { self.init(name, Data(bytes), code) }

    init(_ name: String, _ text: String, _ code: ErrorCode?) { self.init(name, Data(text.utf8), code) }
}

/// The set, made around the picture of the default model's golden case.
struct HostileImages {
    let png: Data
    let jpeg: Data
    private let picture: PixelBuffer

    init() throws {
        png = try Data(
            contentsOf: CommandLineTool.root.appendingPathComponent(
                "Models/cutis-dermoscopy/golden/synthetic-0.png"))
        picture = try ImageDecoder.decode(png, name: "golden")
        jpeg = try JPEGEncoder.encode(picture, quality: 95)
    }

    func all() throws -> [HostileImage] {
        cut() + damagedPNG() + headers() + bombs() + otherKinds() + damagedJPEG() + (try fixtures()) + legal()
    }

    private func cut() -> [HostileImage] {
        let shares = [0.001, 0.1, 0.5, 0.9, 0.999]
        return shares.map { share in
            HostileImage("a PNG cut to \(share)", png.prefix(Int(Double(png.count) * share)), .imageCorrupt)
        }
            + shares.dropFirst().map { share in
                HostileImage("a JPEG cut to \(share)", jpeg.prefix(Int(Double(jpeg.count) * share)), .imageCorrupt)
            } + [
                HostileImage("a PNG's signature alone", png.prefix(8), .imageCorrupt),
                HostileImage("a PNG without its pixels", png.prefix(33), .imageCorrupt),
                HostileImage("a JPEG's first mark alone", jpeg.prefix(3), .imageCorrupt),
                HostileImage("a JPEG without its end mark", jpeg.dropLast(2), .imageCorrupt),
            ]
    }

    private func damagedPNG() -> [HostileImage] {
        func changed(_ place: Int, _ value: UInt8) -> Data {
            var bytes = [UInt8](png)
            bytes[place] ^= value
            return Data(bytes)
        }
        return [
            HostileImage("a PNG with a wrong checksum in its header", changed(29, 0xFF), .imageCorrupt),
            HostileImage("a PNG with a wrong checksum in its pixels", changed(png.count - 14, 0xFF), .imageCorrupt),
            HostileImage("a PNG with a damaged pixel", changed(png.count / 2, 0x10), .imageCorrupt),
            HostileImage("a PNG of a colour type that does not exist", repaired(changed(25, 5)), .imageCorrupt),
            HostileImage("a PNG of 7 bits", repaired(changed(24, 15)), .imageCorrupt),
            HostileImage("a PNG with a chunk of 4 GB", changed(33, 0xFF), .imageCorrupt),
            HostileImage(
                "a PNG with a stream that is no zlib", Files.png(width: 320, height: 240, stream: [1, 2, 3, 4]),
                .imageCorrupt),
            HostileImage(
                "a PNG that ends in the middle of its rows",
                Files.png(width: 320, height: 240, stream: Files.zlib(storing: [0, 1, 2, 3])), .imageCorrupt),
        ]
    }

    private func repaired(_ data: Data) -> Data { Files.repairingChecksums(data) }

    private func headers() -> [HostileImage] {
        [
            HostileImage("a PNG of 100000×100000", Files.png(width: 100_000, height: 100_000), .imageTooLarge),
            HostileImage("a PNG of 2³¹ rows", Files.png(width: 1, height: 1 << 31), .imageTooLarge),
            HostileImage("a JPEG of 65535×65535", Files.jpeg(width: 65_535, height: 65_535), .imageTooLarge),
            HostileImage("a WebP of 2²⁴×2²⁴", Files.webp(width: 1 << 24, height: 1 << 24), .imageCorrupt),
            HostileImage("a TIFF of 40000×40000", Files.tiff(width: 40_000, height: 40_000), .imageTooLarge),
            HostileImage("a bitmap of 30000×30000", Files.bmp(width: 30_000, height: 30_000), .imageTooLarge),
            HostileImage("a GIF of 65535×65535", Files.gif(width: 65_535, height: 65_535), .imageTooLarge),
            HostileImage("a JPEG of 5000 scans", Files.jpeg(width: 100, height: 100, scans: 5_000), .imageTooLarge),
            HostileImage("a PNG of 0×0", Files.png(width: 0, height: 0), .imageCorrupt),
            HostileImage("a JPEG of 0×0", Files.jpeg(width: 0, height: 0), .imageCorrupt),
            HostileImage("a bitmap of −5×5", Files.bmp(width: -5, height: 5), .imageCorrupt),
            HostileImage("a TIFF of tiles of 1 GB", Files.tiff(width: 10, height: 10, tile: 1 << 30), .imageTooLarge),
        ]
    }

    private func bombs() -> [HostileImage] {
        // 155 MB of zeros in 1 MB.
        let zeros = Files.zlib(zeroRuns: 600_000)
        let text = Array("Comment".utf8) + [0, 0] + zeros
        let profile = Array("profile".utf8) + [0, 0] + zeros
        return [
            HostileImage(
                "a PNG of 7000×7000 black pixels in 1 MB", Files.png(width: 7_000, height: 7_000, stream: zeros),
                .imageQuality),
            HostileImage(
                "a PNG of 10×10 with 155 MB in its stream", Files.png(width: 10, height: 10, stream: zeros),
                .imageTooSmall),
            HostileImage(
                "a PNG with 155 MB of text", Files.inserting(Files.chunk("zTXt", text), into: png), nil),
            HostileImage(
                "a PNG with 155 MB of colour profile", Files.inserting(Files.chunk("iCCP", profile), into: png), nil),
        ]
    }

    private func otherKinds() -> [HostileImage] {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"http://127.0.0.1/x.png\"/></svg>"
        // The high bytes of a linear congruence.
        let noise = sequence(first: UInt32(1)) { $0 &* 1_664_525 &+ 1_013_904_223 }.prefix(10_000).map {
            UInt8($0 >> 24)
        }
        return [
            HostileImage("nothing", Data(), .fileEmpty),
            HostileImage("one byte", [0xFF], .imageUnsupported),
            HostileImage("zeros", [UInt8](repeating: 0, count: 4096), .imageUnsupported),
            HostileImage("random bytes", [0x01, 0x02] + noise, .imageUnsupported),
            HostileImage("an SVG that names an address", svg, .imageUnsupported),
            HostileImage(
                "an SVG with entities", "<?xml version=\"1.0\"?><!DOCTYPE s [<!ENTITY a \"b\">]>\(svg)",
                .imageUnsupported),
            HostileImage("a PDF", "%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", .imageUnsupported),
            HostileImage("a page", "<!DOCTYPE html><html><body>photo</body></html>", .imageUnsupported),
            HostileImage("a zip", [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60), .imageUnsupported),
            HostileImage("a program", [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + noise, .imageUnsupported),
            HostileImage("a PostScript file", "%!PS-Adobe-3.0\n(x) run\n", .imageUnsupported),
            HostileImage("an MVG script", "push graphic-context\nimage over 0,0 0,0 'x.png'\n", .imageUnsupported),
            HostileImage(
                "a DICOM file", [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + noise, .imageUnsupported),
            HostileImage("an AVIF", [0, 0, 0, 20] + Array("ftypavif".utf8) + noise, .imageUnsupported),
            HostileImage("a path", "/etc/hostname", .imageUnsupported),
            HostileImage("an address", "http://127.0.0.1/x.png", .imageUnsupported),
            HostileImage("a TIFF whose directory is itself", selfReferringTIFF, .imageCorrupt),
        ]
    }

    /// A TIFF whose chain of directories never ends.
    private var selfReferringTIFF: Data {
        var bytes = [UInt8](Files.tiff(width: 16, height: 16))
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [8, 0, 0, 0])
        return Data(bytes)
    }

    private func damagedJPEG() -> [HostileImage] {
        let bytes = [UInt8](jpeg)
        func without(_ marker: UInt8) -> Data {
            guard let place = segment(marker, in: bytes) else { return Data() }
            return Data(bytes[..<place.lowerBound] + bytes[place.upperBound...])
        }
        func overwritten(_ marker: UInt8, from offset: Int, with value: UInt8, count: Int) -> Data {
            guard let place = segment(marker, in: bytes) else { return Data() }
            var changed = bytes
            for index in place.dropFirst(offset).prefix(count) { changed[index] = value }
            return Data(changed)
        }
        return [
            HostileImage("a JPEG without Huffman tables", without(0xC4), .imageCorrupt),
            HostileImage("a JPEG without a frame", without(0xC0), .imageCorrupt),
            HostileImage("a JPEG without quantisers", without(0xDB), .imageCorrupt),
            HostileImage(
                "a JPEG of too many Huffman codes", overwritten(0xC4, from: 5, with: 0xFF, count: 16), .imageCorrupt),
            HostileImage(
                "a JPEG with a segment that runs beyond its end",
                overwritten(0xDB, from: 2, with: 0xFF, count: 2), .imageCorrupt),
            HostileImage(
                "a JPEG with a segment of no length", overwritten(0xDB, from: 2, with: 0, count: 2), .imageCorrupt),
            HostileImage(
                "a JPEG of 200 components", overwritten(0xC0, from: 9, with: 200, count: 1), .imageCorrupt),
            HostileImage(
                "a JPEG with 4 kB of other bytes in the middle of its coded pixels",
                jpeg.prefix(jpeg.count / 2) + Data(repeating: 0xAA, count: 4_000), .imageCorrupt),
        ]
    }

    /// Where the first segment of a marker lies, with its marker.
    private func segment(_ marker: UInt8, in bytes: [UInt8]) -> Range<Int>? {
        var place = 2
        while place + 4 <= bytes.count, bytes[place] == 0xFF {
            let end = place + 2 + Int(bytes[place + 2]) << 8 + Int(bytes[place + 3])
            if bytes[place + 1] == marker { return place..<min(end, bytes.count) }
            place = end
        }
        return nil
    }

    /// Small files of other programs: legal, but of 37×29 pixels, which are too few for an answer.
    private func fixtures() throws -> [HostileImage] {
        let folder = CommandLineTool.root.appendingPathComponent("Tests/CutisImagingTests/Fixtures/files")
        return try [
            "cmyk.jpg", "animated.gif", "animated.webp", "rgb-16bit.png", "palette-transparent.png", "two-pages.tif",
            "broken-profile.png",
        ].map {
            HostileImage("\($0), too small", try Data(contentsOf: folder.appendingPathComponent($0)), .imageQuality)
        }
    }

    /// Odd, but legal: what is odd is in metadata that is not read, or the decoder handles it exactly.
    private func legal() -> [HostileImage] {
        // An EXIF block whose directory names itself as its next one, and an orientation that does not exist.
        let directory: [UInt8] = [
            0, 2, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 99, 0, 0, 0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8,
        ]
        let loop = Array("Exif\0\0MM".utf8) + [0, 42, 0, 0, 0, 8] + directory + [0, 0, 0, 8]
        let block = [0xFF, 0xE1, 0, UInt8(loop.count + 2)] + loop
        let deep = picture.pixels.flatMap { [$0, $0] }
        let frames: [UInt8] = [0, 0, 0, 9, 0, 0, 0, 0]
        return [
            HostileImage(
                "a JPEG with an EXIF directory that is its own next", jpeg.prefix(2) + Data(block) + jpeg.dropFirst(2),
                nil),
            HostileImage("a JPEG with something behind its end", jpeg + Data("<script>".utf8), nil),
            HostileImage("a PNG with something behind its end", png + Data(repeating: 0x50, count: 5_000), nil),
            HostileImage(
                "a PNG of 16 bits", Files.png(width: picture.width, height: picture.height, bits: 16, samples: deep),
                nil),
            HostileImage(
                "an animated PNG without frames", Files.inserting(Files.chunk("acTL", frames), into: png), nil),
        ]
    }
}
