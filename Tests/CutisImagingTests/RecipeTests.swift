import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct RecipeTests {
    struct Case: Decodable {
        let picture: String
        let recipe: String
        let shape: [Int]
        let sha256: String
        let values: [String: Float]
        let mean: Double
    }

    static let half: [Float] = [0.5, 0.5, 0.5]

    static let recipes: [String: PreprocessingRecipe] = [
        "torchvision 256 224": .torchvision(resize: 256, crop: 224),
        "torchvision 232 224": .torchvision(resize: 232, crop: 224),
        "torchvision 100 161": .torchvision(resize: 100, crop: 161),
        "tipsv2 448": .tipsv2(),
        "openclip shortest": .openCLIP(size: 224),
        "openclip longest": .openCLIP(size: 224, mode: .longest),
        "openclip squash": .openCLIP(size: 224, mode: .squash),
        "timm center": .timm(width: 224, height: 224, cropPercentage: 0.9),
        "timm center odd": .timm(width: 235, height: 235, cropPercentage: 0.965, filter: .bilinear),
        "timm center wide": .timm(width: 256, height: 192, cropPercentage: 0.95),
        "timm squash": .timm(width: 240, height: 240, cropPercentage: 0.95, mode: .squash, filter: .bilinear),
        "timm border": .timm(width: 240, height: 240, cropPercentage: 0.95, mode: .border, filter: .bilinear),
        "timm border wide": .timm(width: 256, height: 192, cropPercentage: 1, mode: .border, filter: .bilinear),
        "hf vit 384": .huggingFaceViT(width: 384, height: 384, filter: .bilinear, mean: half, std: half),
        "hf vit 224 bicubic": .huggingFaceViT(width: 224, height: 224, filter: .bicubic, mean: half, std: half),
        "hf clip": .huggingFaceCLIP(size: 229, crop: 224),
    ]

    /// torchvision, timm and OpenCLIP: every float is the same. Hugging Face multiplies by 1/255: the last bits differ.
    @Test func inputsAreTheReferences() throws {
        var (equal, count, largest) = (0, 0, 0.0)
        for test in try Fixtures.decode([Case].self, "recipes.json") {
            guard let image = try Self.picture(test.picture) else { continue }
            let recipe = try #require(Self.recipes[test.recipe])
            let input = try recipe.apply(to: image)
            #expect(input.shape == test.shape, "\(test.recipe) of \(test.picture)")
            count += 1
            let bytes = input.values.withUnsafeBytes { Array($0) }
            if digest(bytes) == test.sha256 { equal += 1 }
            for (position, value) in test.values {
                let error = abs(Double(input.values[try #require(Int(position))]) - Double(value))
                #expect(error < 2e-6, "\(test.recipe) of \(test.picture) at \(position)")
                largest = max(largest, error)
            }
            let mean = input.values.reduce(0.0) { $0 + Double($1) } / Double(input.values.count)
            #expect(abs(mean - test.mean) < 1e-6, "\(test.recipe) of \(test.picture)")
            if !test.recipe.hasPrefix("hf") {
                #expect(digest(bytes) == test.sha256, "\(test.recipe) of \(test.picture)")
            }
        }
        print("recipes: \(equal) of \(count) inputs bit-equal, largest difference \(largest)")
        #expect(count >= 48)
    }

    static func picture(_ name: String) throws -> PixelBuffer? {
        let words = name.split(separator: " ")
        if words.first == "smooth" {
            return try Pictures.smooth(#require(Int(words[1])), #require(Int(words[2])))
        }
        guard SharedData.isPresent else { return nil }
        return try ImageDecoder.decode(SharedData.url(name))
    }

    @Test(arguments: [(77, 0, 38), (3, 0, 2), (1, 0, 0), (4, 0, 2), (225, 224, 0), (227, 224, 2)])
    func cropOffsetsRoundHalfToEven(_ size: Int, _ crop: Int, _ offset: Int) throws {
        let wanted = max(crop, 1)
        let image = try PixelBuffer(
            width: size + wanted - crop, height: 1, channels: 1, pixels: (0..<size + wanted - crop).map { UInt8($0) })
        #expect(try image.centerCropped(width: wanted, height: 1).pixels.first == UInt8(offset))
    }

    @Test func smallImagesArePadded() throws {
        let image = try PixelBuffer(width: 2, height: 1, channels: 1, pixels: [7, 9])
        #expect(
            try image.centerCropped(width: 5, height: 2, padding: [1]).pixels == [1, 7, 9, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test func jsonRoundTrip() throws {
        for recipe in Self.recipes.values {
            let json = try JSONEncoder().encode(recipe)
            #expect(try PreprocessingRecipe(json: json) == recipe)
        }
        let text = """
            {"resize": {"mode": "shortest_side", "size": 256}, "filter": "bicubic",
             "center_crop": {"width": 224, "height": 192}, "alpha": "white", "exif_orientation": true,
             "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
            """
        let recipe = try PreprocessingRecipe(json: Data(text.utf8))
        #expect(recipe.resize == .shortestSide(256))
        #expect(recipe.outputSize == CropSize(width: 224, height: 192))
        #expect(recipe.exifOrientation && recipe.alpha == .white && recipe.cropRounding == .halfEven)
        let written = String(decoding: try JSONEncoder().encode(recipe), as: UTF8.self)
        #expect(written.contains("\"exif_orientation\":true") && written.contains("\"shortest_side\""))
    }

    static let invalid: [(String, String)] = [
        (#"{"filter": "bilinear", "mean": [0,0,0], "std": [1,1,1]}"#, "resize"),
        (Self.recipe(resize: #"{"mode": "stretch"}"#), "stretch"),
        (Self.recipe(resize: #"{"mode": "exact", "width": 224}"#), "height"),
        (Self.recipe(resize: #"{"mode": "exact", "width": 224, "height": 0}"#), "0 pixels"),
        (Self.recipe(resize: #"{"mode": "shortest_side", "size": 5000}"#), "5000"),
        (Self.recipe(resize: #"{"mode": "shortest_side", "sizes": 256}"#), "sizes"),
        (Self.recipe(filter: "cubic"), "cubic"),
        (Self.recipe(std: "[1, 0, 1]"), "std"),
        (Self.recipe(std: "[1, 1]"), "three"),
        (Self.recipe(std: "[1, -1, 1]"), "std"),
        (Self.recipe(extra: #", "means": [0,0,0]"#), "means"),
        (Self.recipe(extra: #", "center_crop": {"width": 9000, "height": 1}"#), "9000"),
        (Self.recipe(extra: #", "minimum_side": 0"#), "minimum_side"),
        (Self.recipe(extra: #", "padding": [300, 0, 0]"#), "padding"),
        ("[]", "type"), ("", "JSON"), ("{", "JSON"),
    ]

    static func recipe(
        resize: String = #"{"mode": "none"}"#, filter: String = "bilinear", std: String = "[1,1,1]",
        extra: String = ""
    ) -> String {
        #"{"resize": \#(resize), "filter": "\#(filter)", "mean": [0,0,0], "std": \#(std)\#(extra)}"#
    }

    @Test(arguments: invalid)
    func invalidRecipesAreRefused(_ json: String, _ named: String) {
        #expect {
            try PreprocessingRecipe(json: Data(json.utf8))
        } throws: { error in
            guard let error = error as? CutisError else { return false }
            return error.code == .configInvalid && error.message.contains(named)
        }
    }

    @Test func tooSmallAndTooElongatedImagesAreRefused() throws {
        let recipe = PreprocessingRecipe.torchvision(resize: 256, crop: 224)
        let dot = try Pictures.smooth(1, 1)
        #expect { try recipe.apply(to: dot) } throws: { ($0 as? CutisError)?.code == .imageTooSmall }
        let strip = try PixelBuffer(width: 30_000, height: 16, channels: 3, repeating: 9)
        #expect { try recipe.apply(to: strip) } throws: { ($0 as? CutisError)?.code == .imageTooLarge }
        let gray = try PixelBuffer(width: 99, height: 99, channels: 1, repeating: 9)
        #expect { try recipe.apply(to: gray) } throws: { ($0 as? CutisError)?.code == .invalidArguments }
    }

    @Test func tensorsNeedTheirValues() throws {
        let tensor = try ImageTensor(channels: 3, height: 1, width: 2, values: [1, 2, 3, 4, 5, 6])
        #expect(tensor.shape == [3, 1, 2])
        #expect(throws: CutisError.self) { try ImageTensor(channels: 3, height: 1, width: 2, values: [1, 2]) }
        #expect(throws: CutisError.self) { try ImageTensor(channels: 1, height: .max, width: 3, values: []) }
    }

    @Test func prepareNamesTheFile() throws {
        let png = try PNGEncoder.encode(Pictures.smooth(3, 3))
        #expect {
            try PreprocessingRecipe.tipsv2().prepare(png, name: "upload 7")
        } throws: {
            let error = $0 as? CutisError
            return error?.code == .imageTooSmall && error?.message.hasPrefix("upload 7") == true
        }
        let prepared = try PreprocessingRecipe.tipsv2(size: 28).prepare(
            PNGEncoder.encode(Pictures.smooth(40, 30)), name: "upload 8", keepsOriginal: true)
        #expect(try prepared.original == Pictures.smooth(40, 30))
        #expect(prepared.input.shape == [3, 28, 28])
    }
}
