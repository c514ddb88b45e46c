/// The constants and shapes of recipe that published models use.
extension PreprocessingRecipe {
    /// The mean of ImageNet's channels, as torchvision and timm use it.
    public static let imageNetMean: [Float] = [0.485, 0.456, 0.406]
    /// The standard deviation of ImageNet's channels, as torchvision and timm use it.
    public static let imageNetStd: [Float] = [0.229, 0.224, 0.225]
    /// The mean that OpenAI's CLIP was trained with.
    public static let clipMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    /// The standard deviation that OpenAI's CLIP was trained with.
    public static let clipStd: [Float] = [0.26862954, 0.26130258, 0.27577711]

    /// torchvision's classification preset: `Resize(n)`, `CenterCrop(m)`, `ToTensor`, `Normalize`.
    public static func torchvision(
        resize: Int, crop: Int, filter: ResampleFilter = .bilinear, mean: [Float] = imageNetMean,
        std: [Float] = imageNetStd
    ) -> PreprocessingRecipe {
        PreprocessingRecipe(
            resize: .shortestSide(resize), filter: filter, centerCrop: CropSize(crop), mean: mean, std: std)
    }

    /// The recipe of the TIPSv2 models: both sides forced, bilinear, no normalisation.
    public static func tipsv2(size: Int = 448) -> PreprocessingRecipe {
        PreprocessingRecipe(resize: .exact(width: size, height: size), filter: .bilinear)
    }

    /// Hugging Face's `ViTImageProcessor`: both sides forced, then normalised; the Pillow backend's pixels.
    public static func huggingFaceViT(
        width: Int, height: Int, filter: ResampleFilter, mean: [Float], std: [Float]
    ) -> PreprocessingRecipe {
        PreprocessingRecipe(resize: .exact(width: width, height: height), filter: filter, mean: mean, std: std)
    }

    /// Hugging Face's `CLIPImageProcessor`: shortest edge, then a centre crop whose offset is truncated.
    public static func huggingFaceCLIP(
        size: Int, crop: Int, filter: ResampleFilter = .bicubic, mean: [Float] = clipMean, std: [Float] = clipStd
    ) -> PreprocessingRecipe {
        PreprocessingRecipe(
            resize: .shortestSide(size), filter: filter, centerCrop: CropSize(crop), cropRounding: .down,
            mean: mean, std: std)
    }

    /// How OpenCLIP fits an image into a square (`resize_mode`).
    public enum OpenCLIPResize: String, Codable, Sendable, Hashable, CaseIterable {
        case shortest, longest, squash
    }

    /// OpenCLIP's evaluation transform (`image_transform(is_train=False)`).
    public static func openCLIP(
        size: Int, mode: OpenCLIPResize = .shortest, filter: ResampleFilter = .bicubic, mean: [Float] = clipMean,
        std: [Float] = clipStd, fill: UInt8 = 0
    ) -> PreprocessingRecipe {
        var recipe = PreprocessingRecipe(
            resize: .exact(width: size, height: size), filter: filter, mean: mean, std: std)
        if mode == .squash { return recipe }
        recipe.resize = mode == .shortest ? .shortestSide(size) : .longestSide(size)
        recipe.centerCrop = CropSize(size)
        recipe.padding = [fill, fill, fill]
        return recipe
    }

    /// How timm fits an image into the input (`crop_mode`).
    public enum TimmCrop: String, Codable, Sendable, Hashable, CaseIterable {
        case center, squash, border
    }

    /// timm's evaluation transform (`transforms_imagenet_eval`).
    ///
    /// - Parameter cropPercentage: `crop_pct`, larger than 0; the image is first scaled to ⌊size / crop_pct⌋. A
    ///   value that gives no usable size is refused by `validate()`.
    public static func timm(
        width: Int, height: Int, cropPercentage: Double = 0.875, mode: TimmCrop = .center,
        filter: ResampleFilter = .bicubic, mean: [Float] = imageNetMean, std: [Float] = imageNetStd
    ) -> PreprocessingRecipe {
        let (wide, high) = (scaled(width, cropPercentage), scaled(height, cropPercentage))
        var recipe = PreprocessingRecipe(
            resize: .exact(width: wide, height: high), filter: filter,
            centerCrop: CropSize(width: width, height: height), mean: mean, std: std)
        switch mode {
        case .squash: break
        case .center: recipe.resize = wide == high ? .shortestSide(wide) : .cover(width: wide, height: high)
        case .border:
            recipe.resize = wide == high ? .longestSide(wide) : .fit(width: wide, height: high)
            recipe.padding = mean.map { UInt8(min(max(($0 * 255).rounded(.toNearestOrEven), 0), 255)) }
        }
        return recipe
    }

    private static func scaled(_ size: Int, _ percentage: Double) -> Int {
        let side = (Double(size) / percentage).rounded(.down)
        return side >= 1 && side <= Double(maximumSide) ? Int(side) : 0
    }
}
