public import CutisCore

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
    /// How exactly a photo that is much larger than the input is decoded.
    public var decoding: DecodingExactness

    /// Makes a recipe. Only the resize has no default; the others are torchvision's behaviour without normalisation.
    public init(
        exifOrientation: Bool = false, convertToSRGB: Bool = false, alpha: AlphaRule = .drop, resize: ResizeRule,
        filter: ResampleFilter = .bilinear, centerCrop: CropSize? = nil, cropRounding: CropRounding = .halfEven,
        padding: [UInt8] = [0, 0, 0], mean: [Float] = [0, 0, 0], std: [Float] = [1, 1, 1], minimumSide: Int = 16,
        decoding: DecodingExactness = .exact
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
        self.decoding = decoding
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
        let size = try targetSize(CropSize(width: image.width, height: image.height))
        return try cropped(Resampler.resize(image, width: size.width, height: size.height, filter: filter))
    }

    /// Resizes and crops what `ImageDecoder` made of a file, and turns it upright.
    func resized(_ image: DecodedImage) throws(CutisError) -> PixelBuffer {
        try validate()
        let size = try targetSize(image.uprightSize)
        return try cropped(Resampler.resize(image, width: size.width, height: size.height, filter: filter))
    }

    /// The size to resize an image to.
    func targetSize(_ size: CropSize) throws(CutisError) -> CropSize {
        guard min(size.width, size.height) >= minimumSide else {
            throw CutisError(
                .imageTooSmall,
                "The image is \(size.width)×\(size.height) pixels; the model needs \(minimumSide) on each side.",
                remedy: "Give a larger image of the skin.")
        }
        let target = resize.size(width: size.width, height: size.height)
        guard max(target.width, target.height) <= Resampler.maximumSide,
            target.width * target.height <= Resampler.maximumPixels
        else {
            throw CutisError(
                .imageTooLarge,
                "The image of \(size.width)×\(size.height) pixels is too elongated: it would be resized to "
                    + "\(target.width)×\(target.height).", remedy: "Cut the image to the region of interest.")
        }
        return target
    }

    private func cropped(_ image: PixelBuffer) throws(CutisError) -> PixelBuffer {
        guard let crop = centerCrop else { return image }
        return try image.centerCropped(
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

    private static func requireRGB(_ image: PixelBuffer) throws(CutisError) {
        guard image.channels == 3 else {
            throw CutisError(
                .invalidArguments, "A recipe takes an RGB image, not one with \(image.channels) channels.",
                remedy: "Decode the image with ImageDecoder.")
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
