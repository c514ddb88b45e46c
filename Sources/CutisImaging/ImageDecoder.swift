public import CutisCore
public import Foundation

/// Decodes image files of untrusted origin to 8-bit RGB.
///
/// A file's kind is decided by its content. Bytes, pixels and sides are checked against `DecodeLimits` from the file's
/// own header before memory for pixels is allocated. Truncated and damaged files are refused, never filled up.
///
/// Pixels equal those of Pillow's `Image.open(…).convert("RGB")` with two exceptions that are on purpose: 16-bit gray
/// is scaled to 8 bits (its high byte) where Pillow clips it at 255, and what a fully transparent GIF pixel hides is
/// black. Animations give their first frame, multi-page files their first page. Images with more than 8 bits per
/// sample keep their high byte.
///
/// All functions may be called from any thread; one call uses about one core.
public enum ImageDecoder {
    /// Decodes a file.
    ///
    /// - Returns: an image with three channels.
    /// - Throws: `CutisError` with `.fileNotFound`, `.fileUnreadable`, `.fileEmpty`, `.imageUnsupported`,
    ///   `.imageCorrupt` or `.imageTooLarge`; the message names the path and the reason.
    public static func decode(
        _ url: URL, options: DecodeOptions = DecodeOptions(), limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> PixelBuffer {
        let data = try ImageFile.read(url, maximumBytes: limits.maximumBytes)
        return try decode(data, name: url.path, options: options, limits: limits)
    }

    /// Decodes bytes in memory.
    ///
    /// - Parameter name: what error messages call the image, such as the name of an upload.
    /// - Returns: an image with three channels.
    /// - Throws: `CutisError` with `.fileEmpty`, `.imageUnsupported`, `.imageCorrupt` or `.imageTooLarge`.
    public static func decode(
        _ data: Data, name: String, options: DecodeOptions = DecodeOptions(), limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> PixelBuffer {
        try decode(data, name: name, options: options, limits: limits) { _ in 1 }.upright
    }

    /// Decodes a file as a recipe asks (EXIF orientation, colour profile, alpha); the recipe's resizing is not applied.
    public static func decode(
        _ url: URL, recipe: PreprocessingRecipe, limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> PixelBuffer {
        try decode(url, options: recipe.decodeOptions, limits: limits)
    }

    /// Decodes bytes in memory, a JPEG at a reduced scale where the caller allows it.
    ///
    /// - Parameter reduction: how many times smaller a JPEG may be (1, 2, 4 or 8), from its upright size.
    static func decode(
        _ data: Data, name: String, options: DecodeOptions, limits: DecodeLimits, reduction: (CropSize) -> Int
    ) throws(CutisError) -> DecodedImage {
        let subject = ImageSubject(name: name)
        return try reading(data, subject, limits) { (reader) throws(CutisError) in
            try decode(reader, subject, options, limits, reduction)
        }
    }

    /// Checks an image's header as decoding it would; damage behind the header is not found.
    ///
    /// - Returns: the upright size, or nil for HEIC, whose header only the decoder reads.
    /// - Throws: as `decode(_:name:options:limits:)`.
    static func checkHeader(
        _ data: Data, name: String, options: DecodeOptions, limits: DecodeLimits
    ) throws(CutisError) -> CropSize? {
        let subject = ImageSubject(name: name)
        return try reading(data, subject, limits) { (reader) throws(CutisError) in
            let (format, header) = try readHeader(reader, subject, limits)
            guard format != .heic else { return nil }
            return header.size.oriented(header.orientation(in: format, options))
        }
    }

    /// The colour profile that a file carries for RGB samples; nil where it has none that fits.
    static func rgbProfile(of data: Data) -> Data? {
        data.withUnsafeBytes { bytes in
            guard let format = ImageFormat.sniff(ByteReader(bytes: bytes)), format != .bmp else { return nil }
            return VipsDecoder(ImageSubject(name: "image"), format, DecodeOptions(), DecodeLimits()).rgbProfile(
                of: bytes)
        }
    }

    private static func reading<Answer>(
        _ data: Data, _ subject: ImageSubject, _ limits: DecodeLimits,
        _ body: (ByteReader) throws(CutisError) -> Answer
    ) throws(CutisError) -> Answer {
        guard !data.isEmpty else {
            throw CutisError(.fileEmpty, "\(subject.name) is empty.", remedy: "Copy or export the image again.")
        }
        guard data.count <= limits.maximumBytes else {
            throw ImageFile.tooLarge(subject.name, data.count, limits.maximumBytes)
        }
        // Data.withUnsafeBytes forgets which type of error its body throws.
        return try data.withUnsafeBytes { bytes in
            Result { () throws(CutisError) in try body(ByteReader(bytes: bytes)) }
        }.get()
    }

    private static func readHeader(
        _ reader: ByteReader, _ subject: ImageSubject, _ limits: DecodeLimits
    ) throws(CutisError) -> (ImageFormat, ImageHeader) {
        guard let format = ImageFormat.sniff(reader) else { throw subject.notAnImage(reader) }
        let header: ImageHeader
        do throws(HeaderFault) {
            header = try ImageHeader.read(reader, format: format)
        } catch {
            throw subject.refused(error, format)
        }
        if format != .heic { try subject.check(width: header.width, height: header.height, format, limits) }
        return (format, header)
    }

    private static func decode(
        _ reader: ByteReader, _ subject: ImageSubject, _ options: DecodeOptions, _ limits: DecodeLimits,
        _ reduction: (CropSize) -> Int
    ) throws(CutisError) -> DecodedImage {
        let (format, header) = try readHeader(reader, subject, limits)
        let orientation = header.orientation(in: format, options)
        let factor = format == .jpeg ? reduction(header.size.oriented(orientation)) : 1
        let pixels =
            format == .bmp
            ? try BMPDecoder.decode(reader, subject, options)
            : try VipsDecoder(subject, format, options, limits).decode(reader.bytes, reduction: factor)
        // The true extent of a reduced image comes from the header, so both readers must have seen the same one.
        let own = factor == 1 ? CropSize(width: pixels.width, height: pixels.height) : header.size
        guard let image = DecodedImage(pixels, size: own, reduction: factor, orientation: orientation) else {
            throw subject.corrupt(format, "it has two headers of different sizes")
        }
        return image
    }
}

/// The image that a decoder works on, as its error messages name it.
struct ImageSubject {
    let name: String

    /// Refuses sizes that no image has and sizes beyond the limits.
    func check(width: Int, height: Int, _ format: ImageFormat, _ limits: DecodeLimits) throws(CutisError) {
        guard width > 0, height > 0 else { throw corrupt(format, "its header says \(width)×\(height) pixels") }
        guard width <= limits.maximumDimension, height <= limits.maximumDimension else {
            throw CutisError(
                .imageTooLarge,
                "\(name) is \(width)×\(height) pixels; at most \(limits.maximumDimension) on a side are decoded.",
                remedy: "Export the image at a smaller size.")
        }
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels <= limits.maximumPixels else {
            throw CutisError(
                .imageTooLarge,
                "\(name) is \(width)×\(height) = \(pixels) pixels; at most \(limits.maximumPixels) are decoded.",
                remedy: "Export the image at a smaller size.")
        }
    }

    func notAnImage(_ reader: ByteReader) -> CutisError {
        CutisError(
            .imageUnsupported,
            "\(name) is not an image that Cutis reads: its content is \(ImageFormat.describe(reader)).",
            remedy: "Give a JPEG, PNG, WebP, TIFF, BMP, GIF or HEIC image.")
    }

    func refused(_ fault: HeaderFault, _ format: ImageFormat) -> CutisError {
        switch fault {
        case .corrupt(let reason): corrupt(format, reason)
        case .unsupported(let reason): unsupported(format, reason)
        case .tooLarge(let reason):
            CutisError(
                .imageTooLarge, "\(name) is refused: \(reason).", remedy: "Export the image again as a plain image.")
        }
    }

    func corrupt(_ format: ImageFormat, _ reason: String) -> CutisError {
        CutisError(
            .imageCorrupt, "\(name) is a damaged or truncated \(format.displayName) image: \(reason).",
            remedy: "Copy or export the image again.")
    }

    func unsupported(_ format: ImageFormat, _ reason: String) -> CutisError {
        CutisError(
            .imageUnsupported,
            "\(name) is a \(format.displayName) image of a kind that Cutis does not read: \(reason).",
            remedy: "Export it as an 8-bit RGB JPEG or PNG.")
    }
}

extension ImageFormat {
    /// The format's usual name in a sentence.
    var displayName: String { self == .webp ? "WebP" : rawValue.uppercased() }
}
