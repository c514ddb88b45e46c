import CVips
import CutisCore
import Foundation

/// Decoding through libvips, with one fixed loader per format.
struct VipsDecoder {
    private let subject: ImageSubject
    private let format: ImageFormat
    private let options: DecodeOptions
    private let limits: DecodeLimits

    init(_ subject: ImageSubject, _ format: ImageFormat, _ options: DecodeOptions, _ limits: DecodeLimits) {
        self.subject = subject
        self.format = format
        self.options = options
        self.limits = limits
    }

    /// Why libvips does not start; nil when it runs. Swift evaluates this once, whatever the number of threads.
    private static let startFailure: String? = {
        let message = MessageBuffer()
        return cvips_start(message.text, message.capacity) == 0 ? nil : message.string
    }()

    /// Starts libvips once for the process.
    static func start() throws(CutisError) {
        guard let reason = startFailure else { return }
        throw CutisError(
            .computeFailed, "The image library libvips does not start (\(reason)).",
            remedy: "Install it again (on Debian: apt-get install --reinstall libvips42).")
    }

    /// Decodes an image in the order in which its rows are stored.
    ///
    /// - Parameter reduction: 1, or for JPEG 2, 4 or 8: each side of the result is that share of its own in whole samples.
    func decode(_ bytes: UnsafeRawBufferPointer, reduction: Int = 1) throws(CutisError) -> PixelBuffer {
        try Self.start()
        guard let base = bytes.baseAddress, let loader = format.vipsLoader else {
            throw subject.unsupported(format, "no decoder takes it")
        }
        let message = MessageBuffer()
        let opened = cvips_open(base, bytes.count, loader, Int32(reduction), message.text, message.capacity)
        guard let image = opened else { throw subject.corrupt(format, message.reason) }
        defer { cvips_close(image) }
        let raw = cvips_info(image)
        // The library's own reading of the header has the last word: it is what decides the memory.
        try subject.check(width: Int(raw.width), height: Int(raw.height), format, limits)
        try checkLayout(raw)
        let bytes = Int(raw.width) * Int(raw.height) * Int(raw.bands) * Int(raw.sample_bytes)
        guard bytes / 4 <= limits.maximumPixels else {
            throw CutisError(
                .imageTooLarge,
                "\(subject.name) has \(raw.bands) channels of \(raw.sample_bytes * 8) bits: \(bytes) bytes when decoded, "
                    + "more than four for each of \(limits.maximumPixels) pixels.",
                remedy: "Export it as an 8-bit RGB image.")
        }
        if options.convertToSRGB, raw.has_profile != 0 {
            // A profile that cannot be used leaves the samples as they are: they are then taken to be sRGB.
            _ = cvips_to_srgb(image, message.text, message.capacity)
        }
        let info = cvips_info(image)
        return SampleConversion(info, alpha: options.alpha).rgb(try read(image, info))
    }

    /// The ICC profile of an image whose samples are RGB; nil where there is none or it is for other samples.
    func rgbProfile(of bytes: UnsafeRawBufferPointer) -> Data? {
        let message = MessageBuffer()
        guard (try? Self.start()) != nil, let base = bytes.baseAddress, let loader = format.vipsLoader,
            let image = cvips_open(base, bytes.count, loader, 1, message.text, message.capacity)
        else { return nil }
        defer { cvips_close(image) }
        var length = 0
        guard cvips_info(image).model == CVIPS_MODEL_RGB, let profile = cvips_profile(image, &length), length >= 128
        else { return nil }
        let data = Data(bytes: profile, count: length)
        // Bytes 16–19 of a profile's header name the samples that it describes.
        return data[16..<20].elementsEqual("RGB ".utf8) ? data : nil
    }

    private func checkLayout(_ info: CVipsInfo) throws(CutisError) {
        guard info.sample_bytes > 0 else {
            throw subject.unsupported(format, "its samples are not 8-bit or 16-bit whole numbers")
        }
        let colours = info.model.colourCount
        guard colours > 0, (colours...colours + 1).contains(Int(info.bands)) else {
            throw subject.unsupported(format, "its \(info.bands) channels are not gray, RGB or CMYK")
        }
    }

    private func read(_ image: OpaquePointer, _ info: CVipsInfo) throws(CutisError) -> [UInt8] {
        let count = Int(info.width) * Int(info.height) * Int(info.bands) * Int(info.sample_bytes)
        let message = MessageBuffer()
        var status: Int32 = 0
        let start = ContinuousClock.now
        let samples = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            guard let base = buffer.baseAddress else { return }
            status = cvips_read(
                image, base, count, limits.maximumSeconds, message.text, message.capacity)
            initialised = status == 0 ? count : 0
        }
        guard status != 0 else { return samples }
        if ContinuousClock.now - start > .seconds(limits.maximumSeconds) {
            throw CutisError(
                .imageTooLarge, "\(subject.name) took longer than \(limits.maximumSeconds) s to decode.",
                remedy: "Export the image again as a plain JPEG or PNG.")
        }
        throw subject.corrupt(format, message.reason)
    }
}

/// Room for one line of text that a C function fills.
final class MessageBuffer {
    let capacity = 512
    let text: UnsafeMutablePointer<CChar>

    init() {
        text = .allocate(capacity: capacity)
        text.initialize(repeating: 0, count: capacity)
    }

    deinit { text.deallocate() }

    var string: String { String(cString: text) }

    /// The text as the end of a sentence.
    var reason: String {
        let trimmed = string.trimmingCharacters(in: CharacterSet(charactersIn: " ."))
        return trimmed.isEmpty ? "the decoder stopped without saying why" : "the decoder says “\(trimmed)”"
    }
}

extension ImageFormat {
    fileprivate var vipsLoader: CVipsLoader? {
        switch self {
        case .jpeg: CVIPS_LOADER_JPEG
        case .png: CVIPS_LOADER_PNG
        case .webp: CVIPS_LOADER_WEBP
        case .tiff: CVIPS_LOADER_TIFF
        case .gif: CVIPS_LOADER_GIF
        case .heic: CVIPS_LOADER_HEIF
        case .bmp: nil
        }
    }
}

extension CVipsModel {
    /// Samples per pixel without alpha; 0 for models that are not decoded.
    var colourCount: Int {
        switch self {
        case CVIPS_MODEL_GRAY: 1
        case CVIPS_MODEL_RGB: 3
        case CVIPS_MODEL_CMYK: 4
        default: 0
        }
    }
}
