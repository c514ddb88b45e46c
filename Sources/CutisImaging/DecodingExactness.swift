/// How exactly a photo that is much larger than the model's input is decoded.
public enum DecodingExactness: String, Codable, Sendable, Hashable, CaseIterable {
    /// Every pixel is decoded: the bytes of the reference implementations.
    case exact
    /// A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size, where that still is at least twice the size that the
    /// recipe resizes to.
    ///
    /// libjpeg leaves out the high frequencies of each block, which the resize would average away. Pillow does the
    /// same in `Image.thumbnail` with its `reducing_gap` of 2. Other formats, small photos and recipes without a
    /// smoothing resize are decoded exactly.
    case reduced
}

extension PreprocessingRecipe {
    /// A reduced image is at least this many times larger than what it is resized to, on both axes.
    ///
    /// With 2, a 12-megapixel photo's input differs by 0.2 grey levels in the mean and with 1.5 by 0.5, while the
    /// decode is hardly faster: most of its time goes to the entropy coding, which cannot be skipped.
    static let reductionMargin = 2

    /// How many times smaller a JPEG may be decoded for this recipe: 1, 2, 4 or 8.
    ///
    /// - Parameter size: the upright size of the whole image.
    package func reduction(of size: CropSize) -> Int {
        // Nearest takes single pixels, and averages of pixels are others.
        guard filter != .nearest else { return 1 }
        let target = resize.size(width: size.width, height: size.height)
        let fits = { (factor: Int) in
            size.width / factor >= target.width * Self.reductionMargin
                && size.height / factor >= target.height * Self.reductionMargin
        }
        return [8, 4, 2].first(where: fits) ?? 1
    }
}
