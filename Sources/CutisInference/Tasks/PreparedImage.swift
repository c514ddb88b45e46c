public import CutisCore
public import CutisImaging
public import Foundation

/// One image on its way into a model: the model's input and, where it is asked for, the picture as it was decoded.
public struct PreparedImage: Sendable {
    /// The path or name, as answers repeat it.
    public let name: String
    /// The picture as it was decoded, for overlays; nil where nobody asked for it (12 megapixels take 36 MB).
    public let original: PixelBuffer?
    /// The model's input, channels × height × width.
    public let input: ImageTensor
    /// How long decoding and preprocessing took.
    public let duration: Duration

    /// Decodes a file and applies a recipe.
    ///
    /// - Parameter keepsOriginal: keeps the picture, which an explanation needs.
    /// - Throws: `CutisError` as `ImageDecoder` and `PreprocessingRecipe` document; input is refused, never guessed.
    public init(
        _ url: URL, recipe: PreprocessingRecipe, limits: DecodeLimits = DecodeLimits(), keepsOriginal: Bool = false
    )
        throws(CutisError)
    {
        let start = ContinuousClock.now
        let prepared = try recipe.prepare(url, limits: limits)
        input = prepared.input
        original = keepsOriginal ? prepared.original : nil
        name = url.relativePath
        duration = ContinuousClock.now - start
    }

    /// Applies a recipe to a picture in memory.
    public init(_ picture: PixelBuffer, name: String, recipe: PreprocessingRecipe) throws(CutisError) {
        let start = ContinuousClock.now
        self.name = name
        original = picture
        input = try recipe.apply(to: picture)
        duration = ContinuousClock.now - start
    }

    /// Prepares several files at once, each with its own success or refusal, in the order of the files.
    ///
    /// - Parameter keepsOriginals: keeps the pictures, which explanations need.
    public static func prepare(
        _ urls: [URL], recipe: PreprocessingRecipe, keepsOriginals: Bool = false
    ) async -> [Result<PreparedImage, CutisError>] {
        await withTaskGroup(of: (Int, Result<PreparedImage, CutisError>).self) { group in
            for (index, url) in urls.enumerated() {
                group.addTask {
                    do throws(CutisError) {
                        return (index, .success(try PreparedImage(url, recipe: recipe, keepsOriginal: keepsOriginals)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results: [Result<PreparedImage, CutisError>?] = Array(repeating: nil, count: urls.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap(\.self)
        }
    }
}
