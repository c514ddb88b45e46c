/// A rectangle in an image's pixels; it may reach beyond the image.
public struct PixelRegion: Sendable, Hashable {
    /// The left column, negative where the region begins before the image.
    public let x: Int
    /// The top row, negative where the region begins above the image.
    public let y: Int
    /// Columns, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int

    /// Makes a region; sides below 1 become 1.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(width, 1)
        self.height = max(height, 1)
    }
}

extension PreprocessingRecipe {
    /// The part of an image that a model sees after resize and centre crop, in the image's own pixels.
    ///
    /// It reaches beyond the image where the recipe pads.
    public func visibleRegion(of image: PixelBuffer) -> PixelRegion {
        let resized = resize.size(width: image.width, height: image.height)
        let seen = centerCrop ?? resized
        let horizontal = Double(image.width) / Double(max(resized.width, 1))
        let vertical = Double(image.height) / Double(max(resized.height, 1))
        return PixelRegion(
            x: Int((Double(resized.width - seen.width) / 2 * horizontal).rounded()),
            y: Int((Double(resized.height - seen.height) / 2 * vertical).rounded()),
            width: Int((Double(seen.width) * horizontal).rounded()),
            height: Int((Double(seen.height) * vertical).rounded()))
    }
}
