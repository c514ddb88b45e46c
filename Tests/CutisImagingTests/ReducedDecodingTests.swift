import CutisCore
import CutisImaging
import Foundation
import TestImages
import Testing

/// Decoding at a reduced DCT scale: close to the exact input, and only where the recipe allows it.
@Suite struct ReducedDecodingTests {
    /// A skin-like picture: shading, a lesion with a ragged border, hairs and sensor noise.
    static func photo(_ width: Int, _ height: Int) throws -> PixelBuffer {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        let noise = Pictures.noise
        for y in 0..<height {
            for x in 0..<width {
                let (u, v) = (Float(x) / Float(width) - 0.5, Float(y) / Float(height) - 0.5)
                let angle = atan2(v, u)
                let border: Float = 0.25 + 0.03 * sin(7 * angle) + 0.01 * sin(31 * angle)
                let isLesion = (u * u + v * v).squareRoot() < border
                let isHair = abs(sin(9 * u + 5 * v + 2 * u * v) * 40 - 20).truncatingRemainder(dividingBy: 13) < 0.3
                var colour: [Float] = isLesion ? [110, 70, 60] : [225, 175, 150]
                if isHair { colour = [60, 45, 40] }
                let shade = 20 * (u - v) + 12 * sin(60 * u) * cos(50 * v)
                for channel in 0..<3 {
                    let grain = Float(noise[((y * width + x) * 3 + channel) % noise.count] & 15) - 7.5
                    pixels[(y * width + x) * 3 + channel] = UInt8(max(min(colour[channel] + shade + grain, 255), 0))
                }
            }
        }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: pixels)
    }

    /// The mean and the largest difference of two inputs in grey levels.
    static func difference(_ first: ImageTensor, _ second: ImageTensor) throws -> (mean: Float, largest: Float) {
        try #require(first.shape == second.shape)
        let differences = zip(first.values, second.values).map { abs($0 - $1) * 255 }
        return (differences.reduce(0, +) / Float(differences.count), differences.max() ?? 0)
    }

    static func both(
        _ data: Data, _ recipe: PreprocessingRecipe
    ) throws -> (exact: PreparedInput, reduced: PreparedInput) {
        (
            try recipe.prepare(data, name: "photo", decoding: .exact),
            try recipe.prepare(data, name: "photo", decoding: .reduced)
        )
    }

    @Test(arguments: [(ResampleFilter.bilinear, 2), (.bicubic, 2), (.lanczos, 2)])
    func aPhotoOfTwelveMegapixelsIsClose(_ filter: ResampleFilter, _ reduction: Int) throws {
        let (exact, reduced) = try Self.both(
            Self.twelveMegapixels, PreprocessingRecipe(resize: .exact(width: 448, height: 448), filter: filter))
        #expect(exact.reduction == 1 && reduced.reduction == reduction)
        let difference = try Self.difference(exact.input, reduced.input)
        print("12 megapixels, \(filter): mean \(difference.mean), largest \(difference.largest) grey levels")
        #expect(difference.mean > 0 && difference.mean < 0.4)
        #expect(difference.largest < 6)
    }

    static let twelveMegapixels: Data = {
        guard let photo = try? photo(4000, 3000) else { return Data() }
        return JPEGWriter.encode(photo)
    }()

    /// Sides that no reduction divides: taking the decoder's whole columns for the whole width would show here.
    @Test(arguments: 1...8)
    func everyOrientationKeepsItsPlace(_ orientation: Int) throws {
        let data = try JPEGWriter.encode(Self.photo(1207, 903), orientation: orientation)
        for (resize, reduction) in [(ResizeRule.shortestSide(56), 8), (.exact(width: 112, height: 90), 4)] {
            let recipe = PreprocessingRecipe(
                exifOrientation: true, resize: resize, centerCrop: CropSize(width: 51, height: 56))
            let (exact, reduced) = try Self.both(data, recipe)
            #expect(reduced.reduction == reduction)
            let difference = try Self.difference(exact.input, reduced.input)
            print("orientation \(orientation), 1/\(reduction): mean \(difference.mean), largest \(difference.largest)")
            #expect(difference.mean < 0.8, "orientation \(orientation): \(difference)")
            #expect(difference.largest < 16, "orientation \(orientation): \(difference)")
        }
    }

    /// Turning the small result instead of the photo changes no byte of exact decoding.
    @Test(arguments: 1...8)
    func exactInputsAreThoseOfTheTurnedPhoto(_ orientation: Int) throws {
        let sizes = [(61, 45), (45, 61), (3, 397), (397, 3), (64, 64), (40, 40)]
        let rules: [ResizeRule] = [
            .exact(width: 17, height: 23), .exact(width: 40, height: 90), .shortestSide(19), .longestSide(64), .none,
        ]
        for (width, height) in sizes {
            let data = try JPEGWriter.encode(Pictures.smooth(width, height), orientation: orientation)
            for resize in rules {
                for filter in [ResampleFilter.bilinear, .bicubic, .lanczos, .nearest] {
                    let recipe = PreprocessingRecipe(
                        exifOrientation: true, resize: resize, filter: filter, minimumSide: 1)
                    let turned = try ImageDecoder.decode(
                        data, name: "photo", options: DecodeOptions(exifOrientation: true))
                    let expected = try recipe.apply(to: turned)
                    let input = try recipe.prepare(data, name: "photo").input
                    #expect(input == expected, "\(width)×\(height) \(resize) \(filter)")
                }
            }
        }
    }

    @Test(arguments: ["progressive.jpg", "gray.jpg", "cmyk.jpg", "profile.jpg", "rgb.jpg", "rgb-420.jpg"])
    func everyKindOfJPEGIsReduced(_ name: String) throws {
        let data = try Data(contentsOf: Fixtures.url("files/\(name)"))
        let recipe = PreprocessingRecipe(convertToSRGB: true, resize: .exact(width: 7, height: 7))
        let (exact, reduced) = try Self.both(data, recipe)
        #expect(reduced.reduction == 2)
        let difference = try Self.difference(exact.input, reduced.input)
        print("\(name): mean \(difference.mean), largest \(difference.largest) grey levels")
        // 37×29 pixels of test pattern on 7×7: another colour model or channel order would be far off.
        #expect(difference.mean < 5)
    }

    @Test(arguments: ["rgb.png", "lossy.webp", "rgb-jpeg.tif", "photo.heic", "rgb24.bmp", "rgb.gif"])
    func otherFormatsAreExact(_ name: String) throws {
        let data = try Data(contentsOf: Fixtures.url("files/\(name)"))
        let (exact, reduced) = try Self.both(data, PreprocessingRecipe(resize: .exact(width: 4, height: 4)))
        #expect(reduced.reduction == 1)
        #expect(reduced.input == exact.input)
    }

    @Test func smallPhotosAreExact() throws {
        let data = try Data(contentsOf: Fixtures.url("files/rgb.jpg"))
        let (exact, reduced) = try Self.both(data, .tipsv2())
        #expect(reduced.reduction == 1)
        #expect(reduced.input == exact.input)
    }

    static let square = ResizeRule.exact(width: 448, height: 448)
    static let choices: [(ResizeRule, ResampleFilter, Int, Int, Int)] = [
        (square, .bilinear, 4000, 3000, 2), (square, .box, 1791, 1791, 1), (square, .box, 1792, 1792, 2),
        (square, .box, 8000, 900, 1), (square, .nearest, 4000, 3000, 1), (.shortestSide(256), .bicubic, 4000, 3000, 4),
        (.shortestSide(128), .bicubic, 4000, 3000, 8), (.longestSide(224), .bicubic, 3000, 4000, 8),
        (.cover(width: 320, height: 256), .bicubic, 4000, 3000, 4),
        (.fit(width: 320, height: 256), .bicubic, 4000, 3000, 4), (.none, .bilinear, 4000, 3000, 1),
        (.shortestSide(1), .lanczos, 1, 9, 1),
    ]

    @Test(arguments: choices)
    func theReductionLeavesTwiceTheSize(
        _ rule: ResizeRule, _ filter: ResampleFilter, _ width: Int, _ height: Int, _ reduction: Int
    ) {
        let recipe = PreprocessingRecipe(resize: rule, filter: filter)
        #expect(recipe.reduction(of: CropSize(width: width, height: height)) == reduction)
    }

    @Test func theRecipeDecidesUnlessToldOtherwise() throws {
        let data = try JPEGWriter.encode(Pictures.smooth(160, 120))
        var recipe = PreprocessingRecipe(resize: .exact(width: 20, height: 20))
        #expect(try recipe.prepare(data, name: "photo").reduction == 1)
        recipe.decoding = .reduced
        let reduced = try recipe.prepare(data, name: "photo")
        #expect(reduced.reduction == 2 && reduced.original == nil)
        #expect(try recipe.prepare(data, name: "photo", decoding: .exact).reduction == 1)
        // A picture to lay something over is the whole one.
        let kept = try recipe.prepare(data, name: "photo", keepsOriginal: true)
        #expect(kept.reduction == 1)
        #expect(try kept.original == ImageDecoder.decode(data, name: "photo"))
    }

    @Test func theKeyIsOptional() throws {
        let plain = try PreprocessingRecipe(json: Data(RecipeTests.recipe().utf8))
        #expect(plain.decoding == .exact)
        let json = try PreprocessingRecipe(json: Data(RecipeTests.recipe(extra: #", "decoding": "reduced""#).utf8))
        #expect(json.decoding == .reduced)
        let written = try JSONEncoder().encode(json)
        #expect(String(decoding: written, as: UTF8.self).contains(#""decoding":"reduced""#))
        #expect(try PreprocessingRecipe(json: written) == json)
        #expect(try !String(decoding: JSONEncoder().encode(plain), as: UTF8.self).contains("decoding"))
    }

    @Test(arguments: ["rgb.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg"], [0.3, 0.6, 0.9])
    func truncatedPhotosAreRefused(_ name: String, _ share: Double) throws {
        let data = try Data(contentsOf: Fixtures.url("files/\(name)"))
        let part = Data(data.prefix(Int(Double(data.count) * share)))
        let recipe = PreprocessingRecipe(resize: .exact(width: 4, height: 4))
        #expect {
            try recipe.prepare(part, name: "photo", decoding: .reduced)
        } throws: {
            ($0 as? CutisError)?.code == .imageCorrupt
        }
    }

    @Test func limitsAndSizesAreThoseOfTheWholePhoto() throws {
        let data = try JPEGWriter.encode(Pictures.smooth(160, 120))
        func code(_ recipe: PreprocessingRecipe, _ limits: DecodeLimits = DecodeLimits()) -> ErrorCode? {
            do throws(CutisError) {
                _ = try recipe.prepare(data, name: "photo", decoding: .reduced, limits: limits)
                return nil
            } catch {
                return error.code
            }
        }
        let small = PreprocessingRecipe(resize: .exact(width: 4, height: 4), minimumSide: 120)
        #expect(code(small) == nil)
        #expect(code(small, DecodeLimits(maximumPixels: 160 * 120 - 1)) == .imageTooLarge)
        #expect(code(small, DecodeLimits(maximumDimension: 159)) == .imageTooLarge)
        #expect(code(PreprocessingRecipe(resize: .exact(width: 4, height: 4), minimumSide: 121)) == .imageTooSmall)
    }

    @Test func damagedPhotosAreAnswered() throws {
        let seeds = try FuzzTests.seeds().filter { ImageFormat.sniff($0) == .jpeg }
        let recipe = PreprocessingRecipe(
            exifOrientation: true, convertToSRGB: true, resize: .shortestSide(3), centerCrop: CropSize(3))
        var (prepared, refused) = (0, 0)
        for iteration in 0..<FuzzTests.iterations / 2 {
            var generator = AugmentationTests.Seeded(state: FuzzTests.seed &+ UInt64(iteration))
            let data = FuzzTests.damage(seeds[iteration % seeds.count], seeds, &generator)
            do throws(CutisError) {
                let input = try recipe.prepare(data, name: "image", decoding: .reduced).input
                prepared += 1
                #expect(input.shape == [3, 3, 3])
                #expect(input.values.allSatisfy { (0...1).contains($0) })
            } catch {
                refused += 1
                #expect(error.code.exitCode == 3, "\(error)")
            }
        }
        print("fuzz, reduced: \(prepared) prepared, \(refused) refused")
        #expect(prepared > 0 && refused > 0)
    }

    @Test func aHeaderIsEnoughToRefuseMostFiles() throws {
        let recipe = PreprocessingRecipe.torchvision(resize: 256, crop: 224)
        func code(_ data: Data?) throws -> ErrorCode? {
            try TemporaryFolder.with { folder in
                let file = folder.appendingPathComponent("photo.jpg")
                try data?.write(to: file)
                do throws(CutisError) {
                    try recipe.checkHeader(of: file)
                    return nil
                } catch {
                    #expect(error.message.contains(file.path))
                    return error.code
                }
            }
        }
        #expect(try code(nil) == .fileNotFound)
        #expect(try code(Data()) == .fileEmpty)
        #expect(try code(Data("text".utf8)) == .imageUnsupported)
        #expect(try code(Files.png(width: 40_000, height: 40_000)) == .imageTooLarge)
        #expect(try code(Files.png(width: 30_000, height: 16)) == .imageTooLarge)
        #expect(try code(Files.jpeg(width: 3, height: 3)) == .imageTooSmall)
        #expect(try code(Files.png(width: 0, height: 0)) == .imageCorrupt)
        let whole = try Data(contentsOf: Fixtures.url("files/rgb.jpg"))
        #expect(try code(whole) == nil)
        // Damage behind the header takes a decode to find.
        #expect(try code(Data(whole.dropLast(100))) == nil)
        #expect(try code(Data(contentsOf: Fixtures.url("files/photo.heic"))) == nil)
    }
}
