import CutisCore
import CutisImaging
import Foundation
import Testing

/// Small pictures for lists.
@Suite struct ThumbnailTests {
    @Test func twelveMegapixelsBecomeSmallAndKeepTheirColours() throws {
        let data = ReducedDecodingTests.twelveMegapixels
        let start = ContinuousClock.now
        let small = try Thumbnail.encode(data, name: "photo", side: 440)
        print(
            "a thumbnail of 12 megapixels: \((ContinuousClock.now - start) / .milliseconds(1)) ms, \(small.count) bytes"
        )
        let image = try ImageDecoder.decode(small, name: "thumbnail")
        #expect(image.width == 440 && image.height == 330)
        #expect(small.count < 60_000)
        // The same as the whole picture made small, but for the coding.
        let whole = try Resampler.resize(
            ImageDecoder.decode(data, name: "photo"), width: 440, height: 330, filter: .box)
        let differences = zip(image.pixels, whole.pixels).map { abs(Int($0) - Int($1)) }
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 4)
    }

    @Test(arguments: [
        "photo.jpg", "upright.jpg", "progressive.jpg", "gray.jpg", "rgba.png", "palette.png", "lossy.webp",
    ])
    func picturesAreUprightAndWithoutMetadata(_ name: String) throws {
        let data = try Data(contentsOf: Fixtures.url("tagged/\(name)"))
        let upright = try ImageDecoder.decode(data, name: name, options: DecodeOptions(exifOrientation: true))
        let small = try Thumbnail.encode(data, name: name, side: 16)
        let image = try ImageDecoder.decode(small, name: name)
        #expect(max(image.width, image.height) == 16)
        #expect((image.width > image.height) == (upright.width > upright.height))
        for word in ["Exif", "ICC_PROFILE", "http://ns.adobe.com", "Photoshop"] {
            #expect(small.range(of: Data(word.utf8)) == nil, "\(word)")
        }
        // A smaller image keeps its size.
        let same = try ImageDecoder.decode(try Thumbnail.encode(data, name: name, side: 2048), name: name)
        #expect(same.width == upright.width && same.height == upright.height)
    }

    @Test func whatIsNoImageIsRefused() throws {
        let whole = try Data(contentsOf: Fixtures.url("tagged/photo.jpg"))
        for data in [Data(), Data("text".utf8), whole.prefix(whole.count / 2)] {
            #expect(throws: CutisError.self) { _ = try Thumbnail.encode(data, name: "photo", side: 64) }
        }
    }
}
