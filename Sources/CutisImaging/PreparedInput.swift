public import CutisCore
public import Foundation

/// What a recipe makes of an image file.
public struct PreparedInput: Sendable {
    /// The model's input.
    public let input: ImageTensor
    /// The decoded image, upright, at its own size or as small as it was asked for; nil where it was not.
    public let original: PixelBuffer?
    /// The image's own size, turned upright.
    public let size: CropSize
    /// How fit the image is; nil where nobody asked.
    public let quality: ImageQuality?
    /// How many times smaller than itself the image was decoded: 1, 2, 4 or 8.
    public let reduction: Int
    /// How long reading and decoding took.
    public let decodeDuration: Duration
    /// How long turning, resizing, cropping and normalising took.
    public let preprocessDuration: Duration
}

extension PreprocessingRecipe {
    /// Decodes a file and makes the model's input from it.
    ///
    /// - Parameters:
    ///   - decoding: replaces the recipe's own `decoding`; nil leaves it.
    ///   - keepsOriginal: keeps the decoded image too, which is then decoded exactly whatever `decoding` says.
    /// - Throws: what `ImageDecoder.decode` and `resized(_:)` throw; the message names the path.
    public func prepare(
        _ url: URL, decoding: DecodingExactness? = nil, keepsOriginal: Bool = false,
        limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> PreparedInput {
        let start = ContinuousClock.now
        let data = try ImageFile.read(url, maximumBytes: limits.maximumBytes)
        return try prepare(
            data, name: url.path, decoding: decoding, keepsOriginal: keepsOriginal, limits: limits, start: start)
    }

    /// Decodes an image in memory and makes the model's input from it.
    ///
    /// - Parameters:
    ///   - name: what error messages call the image.
    ///   - decoding: replaces the recipe's own `decoding`; nil leaves it.
    ///   - keepsOriginal: keeps the decoded image too, which is then decoded exactly whatever `decoding` says.
    /// - Throws: what `ImageDecoder.decode` and `resized(_:)` throw; the message names `name`.
    public func prepare(
        _ data: Data, name: String, decoding: DecodingExactness? = nil, keepsOriginal: Bool = false,
        limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> PreparedInput {
        try prepare(
            data, name: name, decoding: decoding, keepsOriginal: keepsOriginal, limits: limits,
            start: ContinuousClock.now)
    }

    /// Decodes an image in memory, judges it and makes the model's input from it.
    ///
    /// - Parameters:
    ///   - name: what error messages call the image.
    ///   - check: judges the decoded image.
    ///   - pictureSide: keeps the decoded image too, its longer side at most this long; it is decoded as the recipe
    ///     says, so that the model's input is the same with it and without it. nil keeps none.
    /// - Throws: what `ImageDecoder.decode` and `resized(_:)` throw; the message names `name`.
    public func prepare(
        _ data: Data, name: String, check: ImageQualityCheck, pictureSide: Int?, limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> PreparedInput {
        try prepare(
            data, name: name, decoding: nil, keepsOriginal: false, limits: limits, check: check,
            pictureSide: pictureSide, start: ContinuousClock.now)
    }

    /// Refuses a file that its header alone shows to be no image that this recipe takes, without decoding it.
    ///
    /// Damage behind the header is found by `prepare` only.
    ///
    /// - Throws: what `prepare` throws, but for damaged and truncated images.
    public func checkHeader(of url: URL, limits: DecodeLimits = DecodeLimits()) throws(CutisError) {
        let data = try ImageFile.read(url, maximumBytes: limits.maximumBytes)
        let size = try ImageDecoder.checkHeader(data, name: url.path, options: decodeOptions, limits: limits)
        guard let size else { return }
        try naming(url.path) { () throws(CutisError) in _ = try targetSize(size) }
    }

    private func naming<Answer>(
        _ name: String, _ body: () throws(CutisError) -> Answer
    ) throws(CutisError) -> Answer {
        do throws(CutisError) {
            return try body()
        } catch {
            throw CutisError(error.code, "\(name): \(error.message)", remedy: error.remedy)
        }
    }

    private func prepare(
        _ data: Data, name: String, decoding: DecodingExactness?, keepsOriginal: Bool, limits: DecodeLimits,
        check: ImageQualityCheck? = nil, pictureSide: Int? = nil, start: ContinuousClock.Instant
    ) throws(CutisError) -> PreparedInput {
        let isExact = keepsOriginal || (decoding ?? self.decoding) == .exact
        let image = try ImageDecoder.decode(data, name: name, options: decodeOptions, limits: limits) { size in
            isExact ? 1 : reduction(of: size)
        }
        let decoded = ContinuousClock.now
        let input = try naming(name) { () throws(CutisError) in try normalize(resized(image)) }
        let size = image.uprightSize
        let quality = check?.assess(
            image.pixels, size: size, target: resize.size(width: size.width, height: size.height))
        let picture = try pictureSide.map { (side) throws(CutisError) in try image.upright(longerSide: side) }
        return PreparedInput(
            input: input, original: keepsOriginal ? image.upright : picture, size: size, quality: quality,
            reduction: image.reduction, decodeDuration: decoded - start,
            preprocessDuration: ContinuousClock.now - decoded)
    }
}
