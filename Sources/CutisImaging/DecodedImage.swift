import CutisCore

/// A decoded image in the order in which its file stores the rows, a large JPEG perhaps at a reduced scale.
///
/// The decoder gives whole numbers of reduced columns and rows: of 4001 columns at one eighth it gives 500. A resize
/// that took those for the whole width would stretch the image by up to a pixel, so the true extent is kept.
struct DecodedImage {
    /// The RGB samples.
    let pixels: PixelBuffer
    /// How many times smaller than the file's own image each side is: 1, 2, 4 or 8.
    let reduction: Int
    /// The EXIF orientation that the image still needs, 1…8.
    let orientation: Int
    private let storedSize: CropSize

    /// Joins the samples with what is known of the file.
    ///
    /// - Parameter size: the file's own size.
    /// - Returns: nil where the samples cannot come from an image of that size.
    init?(_ pixels: PixelBuffer, size: CropSize, reduction: Int, orientation: Int) {
        self.pixels = pixels
        self.reduction = reduction
        self.orientation = orientation
        storedSize = size
        guard abs(extentX - Double(pixels.width)) < 1, abs(extentY - Double(pixels.height)) < 1 else { return nil }
    }

    /// How many columns of `pixels` the file's own columns make, a fraction of one included.
    var extentX: Double { Double(storedSize.width) / Double(reduction) }
    /// How many rows of `pixels` the file's own rows make, a fraction of one included.
    var extentY: Double { Double(storedSize.height) / Double(reduction) }

    /// The size of the whole image once it is turned upright.
    var uprightSize: CropSize { storedSize.oriented(orientation) }

    /// The samples turned upright.
    var upright: PixelBuffer { orientation == 1 ? pixels : pixels.oriented(orientation) }

    /// The samples turned upright, made smaller where the image's longer side is above `side` pixels.
    func upright(longerSide side: Int) throws(CutisError) -> PixelBuffer {
        let size = uprightSize
        let scale = min(1, Double(max(side, 1)) / Double(max(size.width, size.height)))
        guard scale < 1 else { return upright }
        return try Resampler.resize(
            self, width: max(Int((Double(size.width) * scale).rounded()), 1),
            height: max(Int((Double(size.height) * scale).rounded()), 1), filter: .box)
    }
}

extension CropSize {
    /// The size after turning by an EXIF orientation; it is its own inverse.
    func oriented(_ orientation: Int) -> CropSize {
        Self.isTransposed(orientation) ? CropSize(width: height, height: width) : self
    }

    /// Whether an EXIF orientation exchanges columns and rows.
    static func isTransposed(_ orientation: Int) -> Bool { (5...8).contains(orientation) }
}
