public import CutisCore
public import Foundation

/// How an image file becomes a model's input: the part of a bundle that train, evaluate and serve share.
///
/// The steps, in this order: decode to 8-bit RGB (`exifOrientation`, `convertToSRGB`, `alpha`), resize, centre crop,
/// x/255, (x − mean)/std. RGB comes first: OpenCLIP and torchvision resize an image in its own mode, which gives other
/// pixels for palette images and for images with alpha, and the same for all others.
public struct PreprocessingRecipe: Sendable, Hashable {
    /// Turns the image as its EXIF orientation says.
    public var exifOrientation: Bool
    /// Converts through an embedded ICC profile to sRGB.
    public var convertToSRGB: Bool
    /// What becomes of an alpha channel.
    public var alpha: AlphaRule
    /// The size to resize to.
    public var resize: ResizeRule
    /// The interpolation of the resize.
    public var filter: ResampleFilter
    /// The size of the centre crop; nil for none.
    public var centerCrop: CropSize?
    /// How the crop's offset is made whole.
    public var cropRounding: CropRounding
    /// The samples (red, green, blue) around an image that is smaller than the crop.
    public var padding: [UInt8]
    /// The mean of each channel, in units of 0…1.
    public var mean: [Float]
    /// The standard deviation of each channel, in units of 0…1.
    public var std: [Float]
    /// The smallest side of an image that the model can say something about, in pixels.
    public var minimumSide: Int

    /// Makes a recipe. Only the resize has no default; the others are torchvision's behaviour without normalisation.
    public init(
        exifOrientation: Bool = false, convertToSRGB: Bool = false, alpha: AlphaRule = .drop, resize: ResizeRule,
        filter: ResampleFilter = .bilinear, centerCrop: CropSize? = nil, cropRounding: CropRounding = .halfEven,
        padding: [UInt8] = [0, 0, 0], mean: [Float] = [0, 0, 0], std: [Float] = [1, 1, 1], minimumSide: Int = 16
    ) {
        self.exifOrientation = exifOrientation
        self.convertToSRGB = convertToSRGB
        self.alpha = alpha
        self.resize = resize
        self.filter = filter
        self.centerCrop = centerCrop
        self.cropRounding = cropRounding
        self.padding = padding
        self.mean = mean
        self.std = std
        self.minimumSide = minimumSide
    }

    /// The part of the recipe that the decoder carries out.
    public var decodeOptions: DecodeOptions {
        DecodeOptions(exifOrientation: exifOrientation, convertToSRGB: convertToSRGB, alpha: alpha)
    }

    /// The size of the result where the recipe fixes it; nil where it depends on the image.
    public var outputSize: CropSize? {
        if let centerCrop { return centerCrop }
        if case .exact(let width, let height) = resize { return CropSize(width: width, height: height) }
        return nil
    }

    /// Resizes and crops a decoded image, without normalising it.
    ///
    /// - Parameter image: an RGB image, as `ImageDecoder` gives it.
    /// - Throws: `CutisError` with `.imageTooSmall`, `.imageTooLarge` when the image is too elongated,
    ///   `.invalidArguments` when it is not RGB, `.configInvalid` when the recipe itself is not sound.
    public func resized(_ image: PixelBuffer) throws(CutisError) -> PixelBuffer {
        try validate()
        try Self.requireRGB(image)
        guard min(image.width, image.height) >= minimumSide else {
            throw CutisError(
                .imageTooSmall,
                "The image is \(image.width)×\(image.height) pixels; the model needs \(minimumSide) on each side.",
                remedy: "Give a larger image of the skin.")
        }
        let size = resize.size(width: image.width, height: image.height)
        guard max(size.width, size.height) <= Resampler.maximumSide,
            size.width * size.height <= Resampler.maximumPixels
        else {
            throw CutisError(
                .imageTooLarge,
                "The image of \(image.width)×\(image.height) pixels is too elongated: it would be resized to "
                    + "\(size.width)×\(size.height).", remedy: "Cut the image to the region of interest.")
        }
        let resized = try Resampler.resize(image, width: size.width, height: size.height, filter: filter)
        guard let crop = centerCrop else { return resized }
        return try resized.centerCropped(
            width: crop.width, height: crop.height, rounding: cropRounding, padding: padding)
    }

    /// Makes the model's input from a decoded image.
    ///
    /// - Parameter image: an RGB image, as `ImageDecoder` gives it.
    /// - Throws: what `resized(_:)` throws.
    public func apply(to image: PixelBuffer) throws(CutisError) -> ImageTensor {
        try normalize(resized(image))
    }

    /// Normalises an RGB image of any size; resize and crop are not applied.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` when it is not RGB, `.configInvalid` when the recipe itself is
    ///   not sound.
    public func normalize(_ image: PixelBuffer) throws(CutisError) -> ImageTensor {
        try validate()
        try Self.requireRGB(image)
        return ImageTensor(image, mean: mean, std: std)
    }

    /// Decodes a file and makes the model's input from it.
    ///
    /// - Returns: the decoded image at its own size, and the input.
    /// - Throws: what `ImageDecoder.decode` and `resized(_:)` throw; the message names the path.
    public func prepare(
        _ url: URL, limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> (original: PixelBuffer, input: ImageTensor) {
        try prepared(ImageDecoder.decode(url, options: decodeOptions, limits: limits), name: url.path)
    }

    /// Decodes an image in memory and makes the model's input from it.
    ///
    /// - Parameter name: what error messages call the image.
    /// - Returns: the decoded image at its own size, and the input.
    /// - Throws: what `ImageDecoder.decode` and `resized(_:)` throw; the message names `name`.
    public func prepare(
        _ data: Data, name: String, limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> (original: PixelBuffer, input: ImageTensor) {
        try prepared(ImageDecoder.decode(data, name: name, options: decodeOptions, limits: limits), name: name)
    }

    private static func requireRGB(_ image: PixelBuffer) throws(CutisError) {
        guard image.channels == 3 else {
            throw CutisError(
                .invalidArguments, "A recipe takes an RGB image, not one with \(image.channels) channels.",
                remedy: "Decode the image with ImageDecoder.")
        }
    }

    private func prepared(
        _ image: PixelBuffer, name: String
    ) throws(CutisError) -> (original: PixelBuffer, input: ImageTensor) {
        do throws(CutisError) {
            return (image, try apply(to: image))
        } catch {
            throw CutisError(error.code, "\(name): \(error.message)", remedy: error.remedy)
        }
    }
}

/// A width and a height in pixels.
public struct CropSize: Codable, Sendable, Hashable {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// Joins the two.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// A square.
    public init(_ side: Int) {
        self.init(width: side, height: side)
    }
}
