import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct QualityTests {
    static let check = ImageQualityCheck()
    static let middle = (x: 0.5, y: 0.5, radius: 0.2)

    static func codes(_ image: PixelBuffer, _ severity: QualityFinding.Severity? = nil) -> [QualityFinding.Code] {
        check.assess(image).findings.filter { severity == nil || $0.severity == severity }.map(\.code)
    }

    /// The darkest tone is as dark as a photo may be before it is warned of; none is refused.
    @Test(arguments: Scenes.monkTones)
    func everySkinToneIsAnswered(_ tone: [UInt8]) throws {
        let quality = Self.check.assess(try Scenes.skin(tone, lesion: Self.middle))
        #expect(!quality.isRefused, "\(tone): \(quality)")
        #expect(quality.measures["skin"] ?? 0 > 0.99)
        #expect(!quality.findings.contains { $0.code != .tooDark }, "\(tone): \(quality)")
    }

    @Test func imagesWithoutSkinAreRefused() throws {
        func plain(_ level: UInt8) throws -> PixelBuffer {
            try PixelBuffer(width: 300, height: 300, channels: 3, repeating: level)
        }
        let images: [String: PixelBuffer] = [
            "noise": try Pictures.noise(640, 480, 3), "black": try plain(0), "white": try plain(255),
            "grey": try plain(128),
            "document": try Scenes.document(paper: [255, 255, 255], ink: [0, 0, 0]),
            "dark screen": try Scenes.document(paper: [30, 30, 34], ink: [220, 220, 225]),
            "landscape": try Scenes.landscape(),
        ]
        for (name, image) in images {
            let quality = Self.check.assess(image)
            #expect(quality.isRefused, "\(name): \(quality)")
            #expect(quality.findings.first?.severity == .refusal)
            #expect(quality.findings.allSatisfy { !$0.message.isEmpty && !$0.remedy.isEmpty })
        }
        #expect(Self.codes(try Scenes.landscape(), .refusal) == [.noSkin])
        #expect(Self.codes(try Pictures.noise(640, 480, 3), .refusal).contains(.noSkin))
        #expect(Self.codes(try plain(0), .refusal).contains(.tooDark))
        #expect(Self.codes(try plain(255), .refusal).contains(.tooBright))
    }

    @Test func eachFaultHasItsCode() throws {
        let photo = try Scenes.skin([200, 150, 120], lesion: Self.middle)
        #expect(Self.codes(photo) == [])
        #expect(Self.codes(try Degradation.blur(8).apply(to: photo), .refusal) == [.blurred])
        #expect(Self.codes(try Degradation.exposure(0.1).apply(to: photo), .refusal) == [.tooDark])
        #expect(Self.codes(try Degradation.exposure(3).apply(to: photo), .refusal) == [.tooBright])
        #expect(Self.codes(try Degradation.haze(0.02).apply(to: photo), .refusal).contains(.lowContrast))
    }

    /// A photo of another size shows the same, so it is judged the same.
    @Test func sizeDoesNotDecide() throws {
        for side in [224, 448, 1000, 3000] {
            let photo = try Scenes.skin([200, 150, 120], width: side, height: side, lesion: Self.middle)
            let sharp = Self.check.assess(photo)
            #expect(!sharp.isRefused, "\(side): \(sharp)")
        }
    }

    @Test func framingIsOnlyEverWarnedOf() throws {
        let tone: [UInt8] = [215, 170, 150]
        #expect(Self.codes(try Scenes.skin(tone, lesion: Self.middle)) == [])
        let cut = try Scenes.skin(tone, lesion: (x: 0.02, y: 0.5, radius: 0.15))
        #expect(Self.codes(cut, .warning) == [.badFraming])
        let tiny = try Scenes.skin(tone, lesion: (x: 0.15, y: 0.15, radius: 0.025))
        #expect(Self.codes(tiny, .warning) == [.badFraming])
        let nothing = Self.check.assess(try Scenes.skin(tone, lesion: nil)).findings
        #expect(nothing.allSatisfy { $0.code == .badFraming || $0.code == .lowContrast }, "\(nothing)")
        #expect(!nothing.isEmpty)
    }

    @Test func resolutionIsThatOfTheModelsInput() throws {
        let photo = try Scenes.skin([200, 150, 120], width: 200, height: 150, lesion: Self.middle)
        func codes(_ target: Int) -> [QualityFinding] {
            Self.check.assess(photo, target: CropSize(target)).findings.filter { $0.code == .lowResolution }
        }
        #expect(codes(150) == [])
        #expect(codes(224).map(\.severity) == [.warning])
        #expect(codes(1024).map(\.severity) == [.refusal])
        // A photo that was decoded at a reduced scale counts by its own size.
        let reduced = Self.check.assess(photo, size: CropSize(width: 1600, height: 1200), target: CropSize(224))
        #expect(reduced.measures["resolution"].map { abs($0 - 1200.0 / 224) < 1e-9 } == true)
        #expect(!reduced.findings.contains { $0.code == .lowResolution })
    }

    @Test func limitsAreData() throws {
        var limits = QualityLimits()
        limits.sharpness.refusal = 1e9
        limits.framing = false
        let photo = try Scenes.skin([200, 150, 120], lesion: Self.middle)
        let quality = ImageQualityCheck(limits: limits).assess(photo)
        #expect(quality.findings.map(\.code) == [.blurred] && quality.isRefused)
        #expect(quality.measures["lesion-area"] == nil)
        let text = try JSONEncoder().encode(limits)
        #expect(try JSONDecoder().decode(QualityLimits.self, from: text) == limits)
    }

    @Test(arguments: [(1, 1), (1, 5000), (5000, 1), (3, 2), (17, 4000)])
    func oddSizesAreMeasured(_ width: Int, _ height: Int) throws {
        let quality = Self.check.assess(try Pictures.noise(width, height, 3))
        for (name, value) in quality.measures { #expect(value.isFinite, "\(name)") }
    }

    @Test func aRecipeJudgesWhatItDecodes() throws {
        let recipe = PreprocessingRecipe(resize: .exact(width: 224, height: 224))
        let photo = try Scenes.skin([200, 150, 120], width: 640, height: 480, lesion: Self.middle)
        let data = try JPEGEncoder.encode(photo, quality: 92)
        let prepared = try recipe.prepare(data, name: "photo", check: Self.check, pictureSide: 320)
        #expect(prepared.size == CropSize(width: 640, height: 480))
        #expect(prepared.quality?.findings == [])
        #expect(prepared.original?.width == 320 && prepared.original?.height == 240)
        #expect(try prepared.input == recipe.prepare(data, name: "photo").input)
        #expect(prepared.quality?.measures["resolution"].map { abs($0 - 480.0 / 224) < 1e-9 } == true)
        #expect(try recipe.prepare(data, name: "photo").quality == nil)
    }

    /// The check must cost next to nothing beside the decoding of a photo.
    @Test func aPhoneOfTwelveMegapixelsTakesMilliseconds() throws {
        let photo = try Pictures.noise(4000, 3000, 3)
        var best = Duration.seconds(9)
        for _ in 0..<9 {
            let start = ContinuousClock.now
            _ = Self.check.assess(photo)
            best = min(best, ContinuousClock.now - start)
        }
        print("quality check of 12 megapixels: \(best)")
        // Three milliseconds on a machine with nothing else to do; tests share theirs.
        #expect(best < .milliseconds(30))
    }
}
