import CutisCore
import CutisImaging
import Foundation
import TestImages
import Testing

/// Clean files hold the same picture and nothing that identifies anyone.
@Suite struct CleaningTests {
    static let files = [
        "photo.jpg", "upright.jpg", "progressive.jpg", "restart.jpg", "gray.jpg", "cmyk.jpg", "rgb.png", "rgba.png",
        "palette.png", "lossy.webp", "lossless.webp", "alpha.webp", "animation.webp", "animation.gif",
        "animation.png", "photo.tif",
    ]
    /// Formats that are copied, not coded again.
    static let copied = files.filter { !["animation.webp", "animation.gif", "photo.tif"].contains($0) }
    /// As Pillow decodes; and as careful recipes do, where orientation and profile decide the pixels.
    static let options = [DecodeOptions(), DecodeOptions(exifOrientation: true, convertToSRGB: true)]

    static func tagged(_ name: String) throws -> Data { try Data(contentsOf: Fixtures.url("tagged/\(name)")) }

    /// A decoder sees by the missing end mark that a photo was cut; with one it would show half of it in grey.
    @Test func aPhotoThatWasCutStaysCut() throws {
        let whole = try JPEGEncoder.encode(Pictures.smooth(320, 240))
        for share in [0.3, 0.6, 0.9, 0.999] {
            let cut = whole.prefix(Int(Double(whole.count) * share))
            let clean = try ImageCleaner().clean(Data(cut), name: "photo").data
            guard case .failure(let error) = decoding(clean) else {
                Issue.record("a photo cut to \(share) decodes after cleaning")
                continue
            }
            #expect(error.code == .imageCorrupt)
        }
    }

    @Test(arguments: files)
    func nothingThatIdentifiesIsLeft(_ name: String) throws {
        let clean = try ImageCleaner().clean(Self.tagged(name), name: name)
        for secret in ["SECRET", "GPS", "adobe:ns", "8BIM", "Photoshop", "JFXX", "MPF"] {
            #expect(clean.data.range(of: Data(secret.utf8)) == nil, "\(name) still holds \(secret)")
        }
        // The GPS directory's pointer (tag 34853), in either byte order, with its type.
        for tag in [[0x88, 0x25, 0, 4], [0x25, 0x88, 4, 0]] as [[UInt8]] {
            #expect(clean.data.range(of: Data(tag)) == nil, "\(name) still points to a place")
        }
        #expect(clean.keepsCoding == Self.copied.contains(name))
        #expect(clean.mediaType == "image/\(clean.format.rawValue)")
    }

    @Test(arguments: files, options)
    func theModelSeesTheSame(_ name: String, _ options: DecodeOptions) throws {
        let data = try Self.tagged(name)
        let clean = try ImageCleaner().clean(data, name: name)
        let original = try ImageDecoder.decode(data, name: name, options: options)
        #expect(try ImageDecoder.decode(clean.data, name: name, options: options) == original)
        #expect(ImageFormat.sniff(clean.data) == clean.format)
    }

    /// What a recipe makes of a file that was cleaned depends on its orientation, so the test must have one to lose.
    @Test func orientationIsKept() throws {
        let data = try Self.tagged("photo.jpg")
        let upright = try ImageDecoder.decode(data, name: "photo", options: DecodeOptions(exifOrientation: true))
        #expect(upright.width == 32 && upright.height == 48)
        let clean = try ImageCleaner().clean(data, name: "photo").data
        #expect(clean.range(of: Data("Exif\0\0".utf8)) != nil)
        let plain = try ImageCleaner().clean(Self.tagged("upright.jpg"), name: "photo").data
        #expect(plain.range(of: Data("Exif".utf8)) == nil)
    }

    @Test func aProfileIsKeptWhereTheImageIsCodedAgain() throws {
        let clean = try ImageCleaner().clean(Self.tagged("photo.tif"), name: "photo")
        #expect(clean.format == .png)
        #expect(clean.data.range(of: Data("iCCP".utf8)) != nil)
        #expect(clean.data.range(of: Data("acsp".utf8)) != nil)
    }

    @Test func cleaningTwiceChangesNothing() throws {
        for name in Self.files {
            let once = try ImageCleaner().clean(Self.tagged(name), name: name).data
            #expect(try ImageCleaner().clean(once, name: name).data == once, "\(name)")
        }
    }

    @Test func phonePhotosAreCodedAsPNG() throws {
        let data = try Data(contentsOf: Fixtures.url("files/photo.heic"))
        let clean = try ImageCleaner().clean(data, name: "photo")
        #expect(clean.format == .png && !clean.keepsCoding)
        #expect(try ImageDecoder.decode(clean.data, name: "p") == ImageDecoder.decode(data, name: "p"))
    }

    @Test func whatIsNoImageIsRefused() {
        let cases: [(ErrorCode, Data)] = [
            (.fileEmpty, Data()), (.imageUnsupported, Data("hello".utf8)), (.imageCorrupt, Data([0xFF, 0xD8, 0xFF])),
            (.imageCorrupt, Files.png(width: 10, height: 10).prefix(40)),
            (.imageCorrupt, Files.webp(width: 10, height: 10)), (.imageTooLarge, Data(repeating: 0, count: 200)),
        ]
        for (code, data) in cases {
            let cleaner = ImageCleaner(limits: DecodeLimits(maximumBytes: 150))
            #expect {
                try cleaner.clean(Data(data), name: "upload")
            } throws: {
                ($0 as? CutisError)?.code == code
            }
        }
    }

    /// Every file of the decoder's fixtures that decodes has a clean form with the same pixels.
    @Test func committedFilesKeepTheirPixels() throws {
        let compared = try Self.compare(ImageFinder.images(in: Fixtures.url("files")))
        #expect(compared.equal > 20)
    }

    @Test(.enabled(if: SharedData.isPresent, "the real data of ../shared/data is not here"))
    func malformedFilesKeepTheirPixelsOrAreRefused() throws {
        let folder = try SharedData.url("malformed-images")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let compared = try Self.compare(names.map { folder.appendingPathComponent($0) })
        print("clean forms of the malformed images: \(compared) \(compared.refusedThoughDecodable)")
        #expect(compared.equal >= 150)
    }

    /// Damaged files are cleaned or refused, never more; a clean form never shows another picture.
    @Test func damagedFilesAreAnswered() throws {
        let seeds = try Self.files.map(Self.tagged)
        var compared = Comparison()
        for iteration in 0..<FuzzTests.iterations {
            var generator = AugmentationTests.Seeded(state: FuzzTests.seed &+ UInt64(iteration))
            var data = FuzzTests.damage(seeds[iteration % seeds.count], seeds, &generator)
            if ImageFormat.sniff(data) == .png, iteration % 4 != 0 { data = Files.repairingChecksums(data) }
            compared.add(data, "input \(iteration) of seed \(FuzzTests.seed)")
        }
        print("cleaning of \(FuzzTests.iterations) damaged files: \(compared)")
    }

    struct Comparison: CustomStringConvertible {
        var equal = 0
        var refused = 0
        /// Files that decode and yet have no clean form, for their parts cannot be told apart.
        var refusedThoughDecodable: [String] = []
        /// Clean forms that do not decode, as the file itself does not.
        var undecodable = 0

        mutating func add(_ data: Data, _ name: String) {
            let options = DecodeOptions(exifOrientation: true)
            let original = decoding(data, options)
            do {
                let clean = try ImageCleaner().clean(data, name: name)
                guard let picture = try? original.get() else {
                    undecodable += 1
                    return
                }
                switch decoding(clean.data, options) {
                case .success(let again):
                    equal += 1
                    if again != picture { Issue.record("\(name) shows another picture") }
                case .failure(let error): Issue.record("the clean \(name) does not decode: \(error)")
                }
            } catch {
                refused += 1
                #expect(error.code.exitCode == 3, "\(name): \(error)")
                if (try? original.get()) != nil { refusedThoughDecodable.append(name) }
            }
        }

        var description: String {
            "\(equal) equal, \(refused) refused (\(refusedThoughDecodable.count) of them decode), "
                + "\(undecodable) decode neither way"
        }
    }

    static func compare(_ urls: [URL]) throws -> Comparison {
        var comparison = Comparison()
        for url in urls { comparison.add(try Data(contentsOf: url), url.lastPathComponent) }
        return comparison
    }
}
