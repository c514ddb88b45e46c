import CutisCore
import CutisImaging
import Foundation
import TestImages
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Every bad input has its own code and a sentence that names the file and the reason.
@Suite struct BadInputTests {
    static func expect(
        _ code: ErrorCode, _ words: [String], _ result: Result<PixelBuffer, CutisError>,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .failure(let error) = result else {
            Issue.record("it was not refused", sourceLocation: sourceLocation)
            return
        }
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(error.code.exitCode == 3, sourceLocation: sourceLocation)
        #expect(!error.remedy.isEmpty, sourceLocation: sourceLocation)
        for word in words {
            #expect(error.message.contains(word), "\(word) in: \(error.message)", sourceLocation: sourceLocation)
        }
    }

    @Test func missingFile() {
        Self.expect(
            .fileNotFound, ["/nowhere/a.jpg", "does not exist"], decoding(URL(fileURLWithPath: "/nowhere/a.jpg")))
    }

    @Test func folderAndPipeAreNoFiles() throws {
        try TemporaryFolder.with { folder in
            Self.expect(.fileUnreadable, [folder.path, "folder"], decoding(folder))
            let pipe = folder.appendingPathComponent("pipe.jpg")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            Self.expect(.fileUnreadable, ["pipe.jpg", "not a regular file"], decoding(pipe))
        }
        Self.expect(.fileUnreadable, ["/dev/zero"], decoding(URL(fileURLWithPath: "/dev/zero")))
    }

    @Test func emptyFile() throws {
        try TemporaryFolder.with { folder in
            let file = folder.appendingPathComponent("empty.png")
            try Data().write(to: file)
            Self.expect(.fileEmpty, ["empty.png", "empty"], decoding(file))
        }
        Self.expect(.fileEmpty, ["image"], decoding(Data()))
    }

    @Test func textNamedJPG() throws {
        try TemporaryFolder.with { folder in
            let file = folder.appendingPathComponent("note.jpg")
            try Data("Patient was seen on Monday.\n".utf8).write(to: file)
            Self.expect(.imageUnsupported, ["note.jpg", "plain text"], decoding(file))
        }
    }

    static let others: [(String, [UInt8])] = [
        ("PDF", Array("%PDF-1.7\n".utf8)), ("zip", [0x50, 0x4B, 3, 4, 0, 0]),
        ("XML", Array("<svg xmlns=\"http://www.w3.org/2000/svg\"/>".utf8)),
        ("AVIF", [0, 0, 0, 20] + Array("ftypavif".utf8) + [0, 0, 0, 0, 0, 0, 0, 0]),
        ("JPEG 2000", [0, 0, 0, 12] + Array("jP  \r\n".utf8)),
        ("DICOM", [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)),
        ("none of the known", [0, 1, 2, 3, 4]), ("none of the known", [0xFF]), ("plain text", Array("BM".utf8)),
    ]

    @Test(arguments: others)
    func otherKindsAreNamed(_ kind: String, _ bytes: [UInt8]) {
        Self.expect(.imageUnsupported, [kind], decoding(Data(bytes)))
    }

    @Test func headersBeyondTheLimits() throws {
        Self.expect(.imageTooLarge, ["40000×40000", "32768"], decoding(Files.png(width: 40_000, height: 40_000)))
        Self.expect(.imageTooLarge, ["20000×20000", "400000000"], decoding(Files.png(width: 20_000, height: 20_000)))
        Self.expect(.imageTooLarge, ["65535×65535"], decoding(Files.gif(width: 65_535, height: 65_535)))
        Self.expect(.imageTooLarge, ["30000×30000"], decoding(Files.bmp(width: 30_000, height: 30_000)))
        Self.expect(.imageTooLarge, ["40000×40000"], decoding(Files.jpeg(width: 40_000, height: 40_000)))
        Self.expect(.imageTooLarge, ["40000×40000"], decoding(Files.tiff(width: 40_000, height: 40_000)))
        Self.expect(.imageTooLarge, ["16777216×16777216"], decoding(Files.webp(width: 1 << 24, height: 1 << 24)))
        Self.expect(.imageTooLarge, ["tiles"], decoding(Files.tiff(width: 10, height: 10, tile: 1 << 30)))
        Self.expect(.imageTooLarge, ["scans"], decoding(Files.jpeg(width: 100, height: 100, scans: 5_000)))
    }

    @Test func emptyImages() {
        Self.expect(.imageCorrupt, ["0×0"], decoding(Files.png(width: 0, height: 0)))
        Self.expect(.imageCorrupt, ["0×5"], decoding(Files.gif(width: 0, height: 5)))
        Self.expect(.imageCorrupt, ["0×0"], decoding(Files.bmp(width: 0, height: 0)))
        Self.expect(.imageCorrupt, ["-5×5"], decoding(Files.bmp(width: -5, height: 5)))
        Self.expect(.imageCorrupt, ["0×0"], decoding(Files.jpeg(width: 0, height: 0)))
        Self.expect(.imageCorrupt, ["0×0"], decoding(Files.tiff(width: 0, height: 0)))
    }

    @Test func limitsAreTheCallers() throws {
        let url = Fixtures.url("files/rgb.png")
        let data = try Data(contentsOf: url)
        for limits in [
            DecodeLimits(maximumBytes: 100), DecodeLimits(maximumPixels: 1072), DecodeLimits(maximumDimension: 36),
        ] {
            #expect {
                try ImageDecoder.decode(url, limits: limits)
            } throws: {
                ($0 as? CutisError)?.code == .imageTooLarge
            }
            #expect {
                try ImageDecoder.decode(data, name: "image", limits: limits)
            } throws: {
                ($0 as? CutisError)?.code == .imageTooLarge
            }
        }
        _ = try ImageDecoder.decode(url, limits: DecodeLimits(maximumPixels: 1073, maximumDimension: 37))
    }

    /// 16-bit samples need twice the memory, so half the pixels are too many already.
    @Test func deepSamplesCountByTheirBytes() throws {
        let url = Fixtures.url("files/rgb-16bit.png")
        #expect {
            try ImageDecoder.decode(url, limits: DecodeLimits(maximumPixels: 1_100))
        } throws: {
            ($0 as? CutisError)?.code == .imageTooLarge
        }
        _ = try ImageDecoder.decode(url, limits: DecodeLimits(maximumPixels: 1_700))
    }

    static let truncated = [
        "rgb.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg", "rgb.png", "interlaced.png", "lossy.webp",
        "lossless.webp",
        "rgb-raw.tif", "rgb-lzw.tif", "rgb24.bmp", "palette8.bmp", "photo.heic",
    ]

    @Test(arguments: truncated)
    func truncatedFilesAreRefused(_ name: String) throws {
        let data = try Data(contentsOf: Fixtures.url("files/\(name)"))
        for share in [0.3, 0.6, 0.9] {
            let part = data.prefix(Int(Double(data.count) * share))
            guard case .failure(let error) = decoding(Data(part)) else {
                Issue.record("\(name) cut to \(share) was not refused")
                continue
            }
            #expect(error.code == .imageCorrupt, "\(name) \(share): \(error)")
        }
    }

    /// Decoders put the standard's tables in the place of those that are missing, and then show noise.
    @Test func aMissingHuffmanTableIsNoticed() throws {
        let whole = [UInt8](JPEGWriter.encode(try Pictures.smooth(64, 48)))
        _ = try ImageDecoder.decode(Data(whole), name: "whole")
        var (offset, tables) = (2, 0)
        while whole[offset + 1] != 0xDA {
            let end = offset + 2 + Int(whole[offset + 2]) << 8 + Int(whole[offset + 3])
            if whole[offset + 1] == 0xC4 {
                Self.expect(.imageCorrupt, ["Huffman"], decoding(Data(whole[..<offset] + whole[end...])))
                tables += 1
            }
            offset = end
        }
        #expect(tables == 2)
    }

    @Test func onePixelImagesDecode() throws {
        let dot = try PixelBuffer(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
        #expect(try ImageDecoder.decode(PNGEncoder.encode(dot), name: "dot") == dot)
    }

    /// The video that a phone appends to its photo holds bytes that look like JPEG markers.
    @Test func whatFollowsTheEndMarkIsIgnored() throws {
        let data = try Data(contentsOf: Fixtures.url("files/rgb.jpg"))
        let video = Data((0..<20_000).flatMap { _ in [0xFF, 0xDA] as [UInt8] })
        #expect(try ImageDecoder.decode(data + video, name: "photo") == ImageDecoder.decode(data, name: "photo"))
    }

    @Test func bitmapRunsAndMasks() throws {
        let runs = Files.bmp(
            width: 4, height: 2, bits: 8, compression: 1, palette: [[1, 2, 3], [4, 5, 6]],
            pixels: [2, 1, 2, 0, 0, 0, 1, 0, 0, 3, 1, 0, 1, 0, 0, 1])
        let image = try ImageDecoder.decode(runs, name: "runs")
        let (zero, one): ([UInt8], [UInt8]) = ([3, 2, 1], [6, 5, 4])
        #expect(image.pixels == zero + one + zero + one + one + one + zero + zero)
        Self.expect(
            .imageCorrupt, ["run-length"],
            decoding(Files.bmp(width: 4, height: 2, bits: 8, compression: 1, palette: [[1, 2, 3]], pixels: [2, 0])))
        Self.expect(
            .imageUnsupported, ["compression 4"],
            decoding(Files.bmp(width: 4, height: 2, bits: 24, compression: 4, palette: [], pixels: [])))
    }
}
