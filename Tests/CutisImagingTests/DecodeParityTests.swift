import CutisCore
import CutisImaging
import Foundation
import Testing

/// What Pillow made of a file.
struct PillowResult: Decodable {
    let format: String?
    let mode: String?
    let width: Int?
    let height: Int?
    let rgb: String?
    let upright: String?
    let white: String?
    let srgb: [UInt8]?
    let error: String?
}

@Suite struct DecodeParityTests {
    static let files = Result { try Fixtures.decode([String: PillowResult].self, "files.json") }
    /// Pillow clips 16-bit gray at 255; ours keeps the high byte, on purpose.
    static let sixteenBitGray: Set = ["gray-16bit.png", "gray-16bit.tif"]

    @Test func committedFilesDecodeAsPillowDoes() throws {
        var count = 0
        for (name, expected) in try Self.files.get().sorted(by: { $0.key < $1.key }) where expected.rgb != nil {
            if Self.sixteenBitGray.contains(name) { continue }
            let url = Fixtures.url("files/\(name)")
            #expect(try digest(ImageDecoder.decode(url).pixels) == expected.rgb, "\(name) (\(expected.mode ?? ""))")
            let white = try ImageDecoder.decode(url, options: DecodeOptions(alpha: .white))
            #expect(digest(white.pixels) == expected.white, "\(name) over white")
            let upright = try ImageDecoder.decode(url, options: DecodeOptions(exifOrientation: true))
            #expect(digest(upright.pixels) == expected.upright, "\(name) upright")
            count += 3
        }
        print("committed image files: \(count) decodes byte-equal to Pillow 12.3")
        #expect(count >= 130)
    }

    @Test(arguments: sixteenBitGray)
    func sixteenBitGrayKeepsItsHighByte(_ name: String) throws {
        let image = try ImageDecoder.decode(Fixtures.url("files/\(name)"))
        let expected = (0..<37 * 29).flatMap { index -> [UInt8] in
            let value = UInt8(UInt16(truncatingIfNeeded: index &* 61) >> 8)
            return [value, value, value]
        }
        #expect(image.pixels == expected)
    }

    /// Both run Little CMS, on other pixel types: a level of difference is rounding.
    @Test(arguments: ["profile.png", "profile.jpg"])
    func embeddedProfilesAreConvertedToSRGB(_ name: String) throws {
        let expected = try #require(Self.files.get()[name]?.srgb)
        let url = Fixtures.url("files/\(name)")
        let plain = try ImageDecoder.decode(url)
        let managed = try ImageDecoder.decode(url, options: DecodeOptions(convertToSRGB: true))
        let differences = zip(managed.pixels, expected).map { abs(Int($0) - Int($1)) }
        let largest = differences.max() ?? 0
        print("\(name): largest difference to Little CMS through Pillow: \(largest)")
        #expect(largest <= 2)
        #expect(plain != managed)
    }

    @Test(arguments: ["rgb.png", "broken-profile.png"])
    func withoutUsableProfileTheColoursStay(_ name: String) throws {
        let url = Fixtures.url("files/\(name)")
        #expect(
            try ImageDecoder.decode(url, options: DecodeOptions(convertToSRGB: true)) == ImageDecoder.decode(url))
    }

    /// HEVC here is lossless in YCbCr, so RGB comes back within rounding.
    @Test func heicDecodes() throws {
        let image = try ImageDecoder.decode(Fixtures.url("files/photo.heic"))
        let original = try Pictures.smooth(37, 29)
        #expect(image.width == 37 && image.height == 29)
        let errors = zip(image.pixels, original.pixels).map { abs(Int($0) - Int($1)) }
        let mean = Double(errors.reduce(0, +)) / Double(errors.count)
        print("HEIC: mean difference \(mean)")
        #expect(mean < 12)
    }

    @Test func dataAndFileGiveTheSame() throws {
        let url = Fixtures.url("files/rgb.jpg")
        let fromFile = try ImageDecoder.decode(url)
        #expect(try ImageDecoder.decode(Data(contentsOf: url), name: "upload") == fromFile)
        #expect(try ImageDecoder.decode(url, recipe: .tipsv2()) == fromFile)
        // A slice whose first index is not 0.
        let padded = try Data([1, 2, 3]) + Data(contentsOf: url)
        #expect(try ImageDecoder.decode(padded.dropFirst(3), name: "slice") == fromFile)
    }
}
