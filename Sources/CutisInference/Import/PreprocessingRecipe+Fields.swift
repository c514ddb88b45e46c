import CutisCore
import CutisImaging
import CutisModels

extension PreprocessingRecipe {
    /// The recipe that a published model's configuration files describe.
    ///
    /// - Throws: `CutisError` with `.configInvalid` where the files ask for something that no recipe does.
    init(_ fields: PreprocessingFields) throws(CutisError) {
        guard abs(fields.rescale - 1 / 255) < 1e-9 else {
            throw CutisError(
                .configInvalid, "\(fields.origin) rescales by \(fields.rescale), and only 1/255 is supported.",
                remedy: "Correct rescale_factor in the preprocessor's configuration.")
        }
        let resize: ResizeRule =
            switch fields.resize {
            case .none: .none
            case .shortestSide(let side): .shortestSide(side)
            case .exact(let height, let width): .exact(width: width, height: height)
            case .cover(let height, let width): .cover(width: width, height: height)
            case .fit(let height, let width): .fit(width: width, height: height)
            }
        let filter: ResampleFilter =
            switch fields.interpolation {
            case .nearest: .nearest
            case .box: .box
            case .bilinear: .bilinear
            case .hamming: .hamming
            case .bicubic: .bicubic
            case .lanczos: .lanczos
            }
        self.init(
            resize: resize, filter: filter, centerCrop: fields.crop.map { CropSize(width: $0[1], height: $0[0]) },
            cropRounding: fields.cropRoundsDown ? .down : .halfEven, padding: fields.fill.map { UInt8(clamping: $0) },
            mean: fields.mean.map(Float.init),
            std: fields.std.map(Float.init))
        try validate()
    }
}
