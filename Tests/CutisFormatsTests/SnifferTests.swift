import CutisCore
import CutisFormats
import Foundation
import Testing

@Suite struct SnifferTests {
    private static func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: [
        (FileFormat.jpeg, [0xFF, 0xD8, 0xFF, 0xE1, 0, 0]),
        (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
        (.gif, ascii("GIF89a")),
        (.tiff, [0x49, 0x49, 0x2A, 0]),
        (.tiff, [0x4D, 0x4D, 0, 0x2A]),
        (.bmp, ascii("BM") + [0x46, 0, 0, 0, 0, 0, 0, 0, 0x36]),
        (.webp, ascii("RIFF") + [4, 0, 0, 0] + ascii("WEBPVP8 ")),
        (.heic, [0, 0, 0, 24] + ascii("ftypheic") + [0, 0, 0, 0] + ascii("mif1heic")),
        (.heic, [0, 0, 0, 24] + ascii("ftypmif1") + [0, 0, 0, 0] + ascii("mif1heic")),
        (.avif, [0, 0, 0, 28] + ascii("ftypmif1") + [0, 0, 0, 0] + ascii("mif1miafavif")),
        (.unknown, [0, 0, 0, 24] + ascii("ftypisom") + [0, 0, 0, 0] + ascii("isommp42")),
        (.dicom, [UInt8](repeating: 0, count: 128) + ascii("DICM")),
        (.gzip, [0x1F, 0x8B, 8, 0]),
        (.text, ascii("lesion_id,image_id,dx\n")),
        (.text, ascii("grü")),
        (.text, ascii("BM is a text too")),
        (.text, ascii("PK, said the text")),
        (.json, ascii("  {\"a\": 1}")),
        (.json, ascii("{ broken")),
        (.shardIndex, ascii("{\"metadata\": {\"weight_map\": 0}, \"weight_map\": {")),
        (.safetensors, [0x40, 0, 0, 0, 0, 0, 0, 0] + ascii("{\"cut short")),
        (.unknown, [0, 1, 2, 3]),
        (.unknown, [0xC3]),
        (.empty, []),
    ])
    func contentDecides(_ format: FileFormat, _ bytes: [UInt8]) throws {
        #expect(Sniffer.format(of: try ByteRegion(bytes)) == format)
    }

    @Test func aMisleadingExtensionChangesNothing() throws {
        let folder = try TemporaryFolder()
        let url = try folder.copy("float32.npy", as: "model.safetensors")
        #expect(try Sniffer.format(of: url) == .npy)
        #expect(try TensorArchives.open(url).format == .npy)
    }

    @Test func placesThatAreNoFilesAreRefusedAtOnce() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.url.appendingPathComponent("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for (url, code) in [
            (pipe, ErrorCode.fileUnreadable), (folder.url, .fileUnreadable),
            (URL(fileURLWithPath: "/dev/zero"), .fileUnreadable),
            (folder.url.appendingPathComponent("absent"), .fileNotFound),
        ] {
            let error = #expect(throws: CutisError.self) { _ = try Sniffer.format(of: url) }
            #expect(error?.code == code)
            #expect(error?.message.contains(url.path) == true)
        }
    }
}
