public import CutisCore
public import CutisImaging
public import Foundation

/// One image on its way into a model: the model's input and, where it is asked for, the picture as it was decoded.
public struct PreparedImage: Sendable {
    /// The path or name, as answers repeat it.
    public let name: String
    /// The picture, for overlays: as it was decoded, or as small as it was asked for; nil where nobody asked for it (12
    /// megapixels take 36 MB).
    public let original: PixelBuffer?
    /// The model's input, channels × height × width.
    public let input: ImageTensor
    /// The picture's own size, turned upright.
    public let size: CropSize
    /// How fit the photo is; nil where nobody asked.
    public let quality: ImageQuality?
    /// How many times smaller than itself the image was decoded: 1, 2, 4 or 8.
    public let reduction: Int
    /// How long reading and decoding took.
    public let decodeDuration: Duration
    /// How long turning, resizing, cropping and normalising took.
    public let preprocessDuration: Duration

    /// How long decoding and preprocessing took.
    public var duration: Duration { decodeDuration + preprocessDuration }

    /// Decodes a file and applies a recipe.
    ///
    /// - Parameters:
    ///   - decoding: replaces the recipe's own `decoding`; nil leaves it.
    ///   - keepsOriginal: keeps the picture, which an explanation needs; it is then decoded exactly.
    /// - Throws: `CutisError` as `ImageDecoder` and `PreprocessingRecipe` document; input is refused, never guessed.
    public init(
        _ url: URL, recipe: PreprocessingRecipe, decoding: DecodingExactness? = nil,
        limits: DecodeLimits = DecodeLimits(), keepsOriginal: Bool = false
    ) throws(CutisError) {
        let prepared = try recipe.prepare(url, decoding: decoding, keepsOriginal: keepsOriginal, limits: limits)
        self.init(prepared, name: url.relativePath)
    }

    /// Decodes a file in memory, judges it and applies a recipe.
    ///
    /// - Parameters:
    ///   - name: what answers and errors call the image.
    ///   - check: judges the photo.
    ///   - pictureSide: keeps the picture, which an explanation needs, its longer side at most this long; nil keeps
    ///     none.
    /// - Throws: `CutisError` as `ImageDecoder` and `PreprocessingRecipe` document.
    public init(
        _ data: Data, name: String, recipe: PreprocessingRecipe, check: ImageQualityCheck, pictureSide: Int? = nil,
        limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) {
        let prepared = try recipe.prepare(data, name: name, check: check, pictureSide: pictureSide, limits: limits)
        self.init(prepared, name: name)
    }

    private init(_ prepared: PreparedInput, name: String) {
        self.name = name
        original = prepared.original
        input = prepared.input
        size = prepared.size
        quality = prepared.quality
        reduction = prepared.reduction
        decodeDuration = prepared.decodeDuration
        preprocessDuration = prepared.preprocessDuration
    }

    /// Applies a recipe to a picture in memory.
    public init(_ picture: PixelBuffer, name: String, recipe: PreprocessingRecipe) throws(CutisError) {
        let start = ContinuousClock.now
        self.name = name
        original = picture
        input = try recipe.apply(to: picture)
        size = CropSize(width: picture.width, height: picture.height)
        quality = nil
        reduction = 1
        decodeDuration = .zero
        preprocessDuration = ContinuousClock.now - start
    }

    /// Prepares several files at once, each with its own success or refusal, in the order of the files.
    ///
    /// - Parameter decoding: replaces the recipe's own `decoding`; nil leaves it.
    public static func prepare(
        _ urls: [URL], recipe: PreprocessingRecipe, decoding: DecodingExactness? = nil
    ) async -> [Result<PreparedImage, CutisError>] {
        await prepare(urls) { (url) throws(CutisError) in try PreparedImage(url, recipe: recipe, decoding: decoding) }
    }

    /// Prepares several images at once, each with its own success or refusal, in the order of the sources.
    ///
    /// - Parameter body: makes the image of one source; runs on several threads at once.
    public static func prepare<Source: Sendable>(
        _ sources: [Source], _ body: @escaping @Sendable (Source) throws(CutisError) -> PreparedImage
    ) async -> [Result<PreparedImage, CutisError>] {
        await withTaskGroup(of: (Int, Result<PreparedImage, CutisError>).self) { group in
            for (index, source) in sources.enumerated() {
                group.addTask {
                    do throws(CutisError) {
                        return (index, .success(try body(source)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results: [Result<PreparedImage, CutisError>?] = Array(repeating: nil, count: sources.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap(\.self)
        }
    }
}
