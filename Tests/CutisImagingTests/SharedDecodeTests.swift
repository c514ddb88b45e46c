import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite(.enabled(if: SharedData.isPresent, "the real data of ../shared/data is not here"))
struct SharedDecodeTests {
    /// Files whose pixels differ from Pillow's, and why.
    static let differentPixels: [String: String] = [
        "12in16bit.tif": "16-bit gray: high byte, not clipped",
        "16_bit_noise.tif": "16-bit gray: high byte, not clipped",
        "16bit.r.tif": "16-bit gray: high byte, not clipped",
        "uint16_1_4660.tif": "16-bit gray: high byte, not clipped",
        "badrle.bmp": "runs past the row's end are cut off, not wrapped",
        "pal4rletrns.bmp": "odd copied runs of 4-bit indices, which Pillow cuts short (ImageMagick agrees with ours)",
        "dispose_bgnd_rgba.gif": "transparent pixels are black",
        "dispose_none_load_end.gif": "transparent pixels are black",
        "first_frame_transparency.gif": "transparent pixels are black",
        "transparent.gif": "transparent pixels are black",
        "tiff_16bit_RGBa.tiff": "premultiplied alpha is divided out at 16 bits, not at 8",
        "tiff_strip_planar_16bit_RGBa.tiff": "premultiplied alpha is divided out at 16 bits, not at 8",
    ]

    /// Files that Pillow refuses and that decode here, and why.
    static let onlyOurs: [String: String] = [
        "crash-0da013a13571cc8eb457a39fee8db18f8a3c7127.tif": "libtiff only warns, libvips takes the pixels",
        "hopper.heif": "Pillow has no HEIC",
        "hopper_webp.tif": "this Pillow was built without WebP in TIFF",
        "pal8oversizepal.bmp": "palette entries beyond 256 are of no use",
        "png_decompression_dos.png": "the text chunk is not unpacked",
        "rgb16-231.bmp": "any colour masks",
        "rgba16-4444.bmp": "any colour masks",
        "truncated_end_chunk.png": "only the empty end chunk is cut",
        "unknown_compression_method.png": "the text chunk is not unpacked",
    ]

    /// TIFF files that Pillow reads and that are refused here, and why; other formats are refused by their kind.
    static let onlyPillow: [String: String] = [
        "12bit.cropped.tif": "12 bits per sample",
        "16bit.s.tif": "signed samples",
        "8bit.s.tif": "signed samples",
        "separate_planar_extra_samples.tiff": "signed samples",
        "lab-green.tif": "Lab colours (Pillow cannot convert them to RGB)",
        "lab-red.tif": "Lab colours (Pillow cannot convert them to RGB)",
        "tiff_tiled_planar_raw.tif": "tiles in separate planes",
        "tiff_tiled_planar_16bit_RGBa.tiff": "tiles in separate planes",
    ]
    static let otherKinds: Set = ["AVIF", "JPEG2000", "PPM"]

    @Test func realFilesDecodeAsPillowDoes() throws {
        var counts: [String: Int] = [:]
        let files = try Fixtures.decode([String: PillowResult].self, "shared-decode.json")
        for (path, expected) in files.sorted(by: { $0.key < $1.key }) {
            let name = String(path.split(separator: "/").last ?? "")
            let outcome = Self.compare(try SharedData.url(path), name, expected)
            counts[outcome, default: 0] += 1
        }
        print("real files against Pillow 12.3: \(counts.sorted { $0.key < $1.key })")
        #expect(counts["pixels equal", default: 0] >= 243)
    }

    static func compare(_ url: URL, _ name: String, _ expected: PillowResult) -> String {
        switch decoding(url) {
        case .success(let image):
            guard expected.rgb != nil else {
                #expect(onlyOurs[name] != nil, "\(name) decodes; Pillow says \(expected.error ?? "")")
                return "only ours"
            }
            #expect(image.width == expected.width && image.height == expected.height, "\(name)")
            if digest(image.pixels) == expected.rgb { return "pixels equal" }
            #expect(differentPixels[name] != nil, "\(name) (\(expected.mode ?? "")) has other pixels")
            return "pixels different"
        case .failure(let error):
            #expect(error.message.contains(url.path), "\(error.message)")
            #expect(error.code.exitCode == 3, "\(error)")
            guard expected.rgb != nil, let format = expected.format else { return "both refuse" }
            #expect(otherKinds.contains(format) || onlyPillow[name] != nil, "\(name): \(error)")
            return otherKinds.contains(format) ? "another format" : "only Pillow"
        }
    }

    /// Never a crash, never a hang: pixels or a sentence, for every file, with every option.
    @Test func everyMalformedFileAnswersInTime() throws {
        let folder = try SharedData.url("malformed-images")
        let options = DecodeOptions(exifOrientation: true, convertToSRGB: true, alpha: .white)
        var slowest = Duration.zero
        var count = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let start = ContinuousClock.now
            if case .failure(let error) = decoding(folder.appendingPathComponent(name), options) {
                #expect(error.message.contains(name) && !error.remedy.isEmpty, "\(error)")
                #expect(error.code.exitCode == 3, "\(error)")
            }
            slowest = max(slowest, ContinuousClock.now - start)
            count += 1
        }
        print("malformed files: \(count), slowest \(slowest)")
        #expect(slowest < .seconds(5))
        #expect(count >= 240)
    }
}
