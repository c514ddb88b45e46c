import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct ConcurrencyTests {
    @Test func manyThreadsGetTheSamePixels() async throws {
        let names = ["rgb.jpg", "rgb.png", "lossy.webp", "rgb-lzw.tif", "rgb.gif", "palette8.bmp", "photo.heic"]
        let files = try names.map { try Data(contentsOf: Fixtures.url("files/\($0)")) }
        let expected = try files.map { try ImageDecoder.decode($0, name: "image") }
        let broken = files.map { Data($0.prefix($0.count / 2)) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<400 {
                group.addTask {
                    let which = index % files.count
                    if index % 3 == 0, case .success(let image) = decoding(broken[which]) {
                        return image != expected[which]
                    }
                    let image = try ImageDecoder.decode(files[which], name: "image")
                    let png = try PNGEncoder.encode(image)
                    return try image == expected[which] && ImageDecoder.decode(png, name: "png") == image
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
