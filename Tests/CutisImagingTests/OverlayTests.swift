import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct OverlayTests {
    @Test func theColourScaleGetsLighterEvenly() {
        // Relative luminance (IEC 61966-2-1), as a gray print would show it.
        let lightness = ColorMap.heat.map { color -> Double in
            let linear = color.map { value -> Double in
                let coded = Double(value) / 255
                return coded <= 0.04045 ? coded / 12.92 : pow((coded + 0.055) / 1.055, 2.4)
            }
            return cbrt(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
        }
        #expect(lightness.count == 256)
        for (darker, lighter) in zip(lightness, lightness.dropFirst(8)) { #expect(lighter > darker) }
        #expect(lightness[0] < 0.35 && lightness[255] > 0.85)
        #expect(Set(ColorMap.heat).count > 240)
    }

    @Test func cornersShowTheGrid() throws {
        let map = try HeatmapOverlay.heatmap(grid: [0, 1, 2, 4], rows: 2, columns: 2, width: 40, height: 20)
        #expect(map.width == 40 && map.height == 20)
        #expect(Array(try #require(map.pixel(x: 0, y: 0))) == ColorMap.heat[0])
        #expect(Array(try #require(map.pixel(x: 39, y: 19))) == ColorMap.heat[255])
        #expect(Array(try #require(map.pixel(x: 39, y: 0))) == ColorMap.heat[64])
    }

    @Test func gridsThatSayNothingStayFinite() throws {
        for grid: [Float] in [
            [3, 3, 3, 3], [.nan, .nan, .nan, .nan], [0, 0, 0, 0], [.infinity, 1, 1, -.infinity],
        ] {
            let map = try HeatmapOverlay.heatmap(grid: grid, rows: 2, columns: 2, width: 5, height: 5)
            #expect(Set(map.pixels) == Set(ColorMap.heat[0]))
        }
        let wide: [Float] = [-.greatestFiniteMagnitude, .greatestFiniteMagnitude]
        #expect(HeatmapOverlay.normalised(wide) == [0, 1])
        #expect(HeatmapOverlay.normalised([1, .nan, 3]) == [0, 0, 1])
    }

    @Test func opacityBlends() throws {
        let image = try Pictures.smooth(30, 20)
        let grid: [Float] = [0, 1]
        let none = try HeatmapOverlay.render(grid: grid, rows: 1, columns: 2, over: image, opacity: 0)
        #expect(none == image)
        let full = try HeatmapOverlay.render(grid: grid, rows: 1, columns: 2, over: image, opacity: 1)
        #expect(try full == HeatmapOverlay.heatmap(grid: grid, rows: 1, columns: 2, width: 30, height: 20))
        let half = try HeatmapOverlay.render(grid: grid, rows: 1, columns: 2, over: image)
        for index in half.pixels.indices {
            let middle = (Double(image.pixels[index]) + Double(full.pixels[index])) / 2
            #expect(abs(Double(half.pixels[index]) - middle) <= 0.5)
        }
    }

    @Test func outsideOfTheRegionTheImageStays() throws {
        let image = try PixelBuffer(width: 6, height: 4, channels: 3, repeating: 200)
        let region = PixelRegion(x: 2, y: -1, width: 3, height: 9)
        let result = try HeatmapOverlay.render(
            grid: [0, 1, 1, 0], rows: 2, columns: 2, over: image, region: region, opacity: 1)
        let heat = try HeatmapOverlay.heatmap(grid: [0, 1, 1, 0], rows: 2, columns: 2, width: 3, height: 9)
        for y in 0..<4 {
            for x in 0..<6 {
                let inside = (2..<5).contains(x)
                let expected: ArraySlice<UInt8>? = inside ? heat.pixel(x: x - 2, y: y + 1) : [200, 200, 200]
                #expect(result.pixel(x: x, y: y).map(Array.init) == expected.map(Array.init))
            }
        }
    }

    @Test func aCentreCropIsSeenInTheMiddle() throws {
        let image = try PixelBuffer(width: 600, height: 450, channels: 3, repeating: 0)
        let crop = PreprocessingRecipe(resize: .shortestSide(256), centerCrop: CropSize(224))
        #expect(crop.visibleRegion(of: image) == PixelRegion(x: 103, y: 28, width: 394, height: 394))
        let whole = PreprocessingRecipe(resize: .exact(width: 448, height: 448))
        #expect(whole.visibleRegion(of: image) == PixelRegion(x: 0, y: 0, width: 600, height: 450))
    }

    @Test func wrongGridsAreRefused() throws {
        let image = try Pictures.smooth(30, 20)
        for (grid, rows, columns) in [([1, 2, 3] as [Float], 2, 2), ([], 0, 0), ([1], -1, -1)] {
            #expect {
                try HeatmapOverlay.render(grid: grid, rows: rows, columns: columns, over: image)
            } throws: {
                ($0 as? CutisError)?.code == .invalidArguments
            }
        }
    }

    @Test(arguments: 1...4)
    func pngKeepsEverySample(_ channels: Int) throws {
        let image = try Pictures.noise(33, 21, channels)
        let data = try PNGEncoder.encode(image)
        #expect(ImageFormat.sniff(data) == .png)
        let back = try ImageDecoder.decode(data, name: "png")
        for index in 0..<33 * 21 {
            let pixel = image.pixels[index * channels..<(index + 1) * channels]
            let expected = channels < 3 ? Array(repeating: pixel[pixel.startIndex], count: 3) : Array(pixel.prefix(3))
            #expect(Array(back.pixels[index * 3..<index * 3 + 3]) == expected)
        }
    }
}
