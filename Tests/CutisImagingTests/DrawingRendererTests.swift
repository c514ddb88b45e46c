import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct DrawingRendererTests {
    private static let drawing = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="40" height="20"><style>.a{fill:#102030}\
        .b{fill:#c04020}</style><rect class="a" width="40" height="20"/><rect class="b" x="20" width="20" height="20"/></svg>
        """

    @Test func drawingsBecomePicturesOfTheirSizeAndColours() throws {
        let png = try DrawingRenderer.png(svg: Self.drawing, scale: 2)
        let image = try ImageDecoder.decode(png, name: "drawing")
        #expect(image.width == 80)
        #expect(image.height == 40)
        #expect(image.pixel(x: 10, y: 20).map(Array.init) == [0x10, 0x20, 0x30])
        #expect(image.pixel(x: 70, y: 20).map(Array.init) == [0xC0, 0x40, 0x20])
    }

    @Test func theImageDecoderStillRefusesDrawings() throws {
        _ = try DrawingRenderer.png(svg: Self.drawing)
        let error = #expect(throws: CutisError.self) {
            try ImageDecoder.decode(Data(Self.drawing.utf8), name: "upload.svg")
        }
        #expect(error?.code == .imageUnsupported)
    }

    @Test func aDrawingReadsNoOtherFile() throws {
        let folder = FileManager.default.temporaryDirectory
        let url = folder.appendingPathComponent("drawing-\(UUID().uuidString).png")
        let white = try PixelBuffer(width: 8, height: 8, channels: 3, repeating: 255)
        try PNGEncoder.encode(white).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let text = """
            <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 8 8" \
            width="8" height="8"><rect width="8" height="8" fill="#000"/><image width="8" height="8" \
            xlink:href="\(url.absoluteString)"/></svg>
            """
        let image = try ImageDecoder.decode(DrawingRenderer.png(svg: text, scale: 1), name: "drawing")
        #expect(image.pixel(x: 4, y: 4).map(Array.init) == [0, 0, 0])
    }

    @Test(arguments: ["", "no drawing", "<svg"]) func otherTextIsRefused(text: String) {
        let error = #expect(throws: CutisError.self) { try DrawingRenderer.png(svg: text) }
        #expect(error?.code == .computeFailed)
    }

    @Test(arguments: [0, -1, 9, Double.nan]) func scalesOutOfRangeAreRefused(scale: Double) {
        let error = #expect(throws: CutisError.self) { try DrawingRenderer.png(svg: Self.drawing, scale: scale) }
        #expect(error?.code == .invalidArguments)
    }
}

@Suite struct JPEGEncoderTests {
    @Test(arguments: [1, 3]) func picturesComeBack(channels: Int) throws {
        let image = try PixelBuffer(width: 33, height: 17, channels: channels, repeating: 90)
        let back = try ImageDecoder.decode(JPEGEncoder.encode(image, quality: 90), name: "picture")
        #expect(back.width == 33)
        #expect(back.height == 17)
        #expect(back.pixels.allSatisfy { abs(Int($0) - 90) <= 2 })
    }

    @Test func qualityChangesTheSize() throws {
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<64 * 64 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let image = try PixelBuffer(width: 64, height: 64, channels: 3, pixels: noise)
        let (low, high) = (try JPEGEncoder.encode(image, quality: 20), try JPEGEncoder.encode(image, quality: 95))
        #expect(low.count < high.count)
    }

    @Test func alphaIsRefused() throws {
        let image = try PixelBuffer(width: 4, height: 4, channels: 4, repeating: 0)
        let error = #expect(throws: CutisError.self) { try JPEGEncoder.encode(image) }
        #expect(error?.code == .invalidArguments)
    }
}
