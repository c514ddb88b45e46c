public import CutisCore
public import Foundation

/// Tells what a file is from its content; its name plays no part.
public enum Sniffer {
    /// The format of a file, from its first bytes and, for zip and JSON, its table of contents.
    ///
    /// A file that begins like a format and is damaged further on still counts as that format, so that the format's
    /// own reader can say what is wrong.
    ///
    /// - Throws: `.fileNotFound`, `.fileUnreadable` (also for folders, pipes and devices). An empty file is `.empty`.
    public static func format(of url: URL) throws(CutisError) -> FileFormat {
        do {
            return format(of: try MappedFile(url).region)
        } catch  where error.code == .fileEmpty {
            return .empty
        }
    }

    /// The format of bytes in memory.
    package static func format(of bytes: ByteRegion) -> FileFormat {
        if bytes.count == 0 { return .empty }
        for (signature, offset, format) in signatures where bytes.matches(signature, at: offset) { return format }
        if bytes.matches(Array("RIFF".utf8)), bytes.matches(Array("WEBP".utf8), at: 8) { return .webp }
        if bytes.matches(Array("ftyp".utf8), at: 4) { return isoMediaFormat(bytes) }
        if bytes.matches(Array("BM".utf8)), bytes.matches([0, 0, 0, 0], at: 6) { return .bmp }
        if bytes.matches(Array("PK".utf8)) { return zipFormat(bytes) }
        if bytes[0] == 0x80, (2...5).contains(bytes[1] ?? 0) { return pickleFormat(bytes) }
        if isSafetensors(bytes) { return .safetensors }
        return textFormat(bytes)
    }

    private static let signatures: [(bytes: [UInt8], offset: Int, format: FileFormat)] = [
        ([0xFF, 0xD8, 0xFF], 0, .jpeg),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], 0, .png),
        (Array("GIF87a".utf8), 0, .gif),
        (Array("GIF89a".utf8), 0, .gif),
        ([0x49, 0x49, 0x2A, 0x00], 0, .tiff),
        ([0x4D, 0x4D, 0x00, 0x2A], 0, .tiff),
        ([0x49, 0x49, 0x2B, 0x00], 0, .tiff),
        ([0x4D, 0x4D, 0x00, 0x2B], 0, .tiff),
        ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], 0, .hdf5),
        (NpyHeader.magic, 0, .npy),
        ([0x1F, 0x8B], 0, .gzip),
        (Array("DICM".utf8), 128, .dicom),
    ]

    /// HEIC and AVIF by the brands of their first box.
    private static func isoMediaFormat(_ bytes: ByteRegion) -> FileFormat {
        let brands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]
        guard let brand = bytes.text(at: 8, count: 4) else { return .unknown }
        if ["avif", "avis"].contains(brand) { return .avif }
        // Generic brands are followed by the list of compatible ones.
        let boxLength = Int(min(256, bytes.integer(UInt32.self, at: 0)?.byteSwapped ?? 0))
        for offset in stride(from: 16, to: boxLength, by: 4) where bytes.matches(Array("avif".utf8), at: offset) {
            return .avif
        }
        return brands.contains(brand) ? .heic : .unknown
    }

    private static func zipFormat(_ bytes: ByteRegion) -> FileFormat {
        guard bytes.matches([3, 4], at: 2) || bytes.matches([5, 6], at: 2) else { return textFormat(bytes) }
        guard let names = try? ZipArchive(bytes).names else { return .zip }
        if names.contains(where: { $0.hasSuffix("/constants.pkl") || $0.contains("/code/") }) { return .torchScript }
        if names.contains(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) { return .pytorch }
        if names.contains("config.json"), names.contains("model.weights.h5") || names.contains("metadata.json") {
            return .keras
        }
        return !names.isEmpty && names.allSatisfy { $0.hasSuffix(".npy") } ? .npz : .zip
    }

    /// A pickle of its own, or the row of pickles that PyTorch wrote before 1.6, which begins with a magic number.
    private static func pickleFormat(_ bytes: ByteRegion) -> FileFormat {
        let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        // Protocol 4 puts a frame header of 9 bytes before it.
        return bytes.matches(magic, at: 2) || bytes.matches(magic, at: 11) ? .pytorchLegacy : .pickle
    }

    private static func isSafetensors(_ bytes: ByteRegion) -> Bool {
        guard let length = bytes.integer(UInt64.self, at: 0), length >= 2,
            length <= SafetensorsHeader.maximumLength, bytes[8] == UInt8(ascii: "{")
        else { return false }
        return [0x22, 0x7D, 0x20, 0x0A, 0x0D, 0x09].contains(bytes[9] ?? 0x22)
    }

    private static func textFormat(_ bytes: ByteRegion) -> FileFormat {
        // A character may be cut by the end of the sample: up to three bytes less must then do.
        let sample = min(4096, bytes.count)
        let text = (max(0, sample - 3)...sample).reversed().lazy
            .compactMap { bytes.text(at: 0, count: $0) }.first
        guard let text, !text.isEmpty else { return .unknown }
        let isReadable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 || [9, 10, 12, 13].contains($0.value) }
        guard isReadable else { return .unknown }
        guard let first = text.first(where: { !$0.isWhitespace }) else { return .text }
        if first == "{", hasWeightMap(bytes) { return .shardIndex }
        return first == "{" || first == "[" ? .json : .text
    }

    /// Whether a JSON object has the member `weight_map`.
    private static func hasWeightMap(_ bytes: ByteRegion) -> Bool {
        guard bytes.count <= SafetensorsHeader.maximumLength else { return false }
        var found = false
        // What follows the key, and whether it is whole, is for the reader of the index to check.
        try? JSONScanner.scan(bytes) { (scanner) throws(FormatFault) in
            try scanner.object { (scanner, key) throws(FormatFault) in
                found = found || key == "weight_map"
                guard !found else { throw scanner.fault("enough to know") }
                try scanner.skipValue()
            }
        }
        return found
    }
}
