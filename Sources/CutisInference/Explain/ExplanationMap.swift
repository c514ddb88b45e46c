public import CutisCore
public import CutisImaging

/// How an attention map is computed.
public enum ExplanationMethod: String, Sendable, CaseIterable {
    /// The attention of the class token in the last block, averaged over the heads.
    case lastBlock = "last-block"
    /// Attention rollout over all blocks (Abnar & Zuidema 2020).
    case rollout
    /// Grad-CAM on the last stage (Selvaraju et al. 2017).
    case gradCAM = "grad-cam"
}

/// A coarse grid of weights over what a model saw, rows from the top.
public struct ExplanationGrid: Sendable {
    /// The weights, row-major.
    public let values: [Float]
    /// The grid's height.
    public let rows: Int
    /// The grid's width.
    public let columns: Int
    /// How the weights were computed.
    public let method: ExplanationMethod
}

/// Where in a picture a model looked.
public struct ExplanationMap: Sendable {
    /// The weights.
    public let grid: ExplanationGrid
    private let picture: PixelBuffer
    private let region: PixelRegion

    init(_ grid: ExplanationGrid, of picture: PixelBuffer, recipe: PreprocessingRecipe) {
        self.grid = grid
        self.picture = picture
        region = recipe.visibleRegion(of: picture)
    }

    /// The heat map alone, on black where the model did not see the picture, in the picture's own size.
    public func heatmap() throws(CutisError) -> PixelBuffer {
        let black = try PixelBuffer(width: picture.width, height: picture.height, channels: 3, repeating: 0)
        return try HeatmapOverlay.render(
            grid: grid.values, rows: grid.rows, columns: grid.columns, over: black, region: region, opacity: 1)
    }

    /// The heat map laid over the picture, in the picture's own size.
    ///
    /// What the model did not see (outside the centre crop) stays as it is.
    ///
    /// - Parameter opacity: the share of the heat map in the result, 0…1.
    public func overlay(opacity: Float = 0.45) throws(CutisError) -> PixelBuffer {
        try HeatmapOverlay.render(
            grid: grid.values, rows: grid.rows, columns: grid.columns, over: picture, region: region, opacity: opacity)
    }
}

extension ModelHost {
    /// Explains one class of one image.
    ///
    /// - Parameters:
    ///   - classIndex: the class that Grad-CAM follows; attention maps of ViTs do not depend on it.
    ///   - method: nil takes what fits the architecture.
    /// - Throws: `CutisError` with `.invalidArguments` for an image that was prepared without its picture or a method
    ///   that the architecture does not have.
    public func explain(
        _ image: PreparedImage, classIndex: Int, method: ExplanationMethod? = nil
    ) throws -> ExplanationMap {
        guard let picture = image.original else {
            throw CutisError(
                .invalidArguments, "\(image.name) was prepared without its picture, which an explanation is laid over.",
                remedy: "Prepare the image with keepsOriginal.")
        }
        let input = image.input
        let grid = try run { try $0.explain(input, classIndex: classIndex, method: method) }
        return ExplanationMap(grid, of: picture, recipe: manifest.preprocessing)
    }
}
