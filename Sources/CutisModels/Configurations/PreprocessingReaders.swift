import CutisCore

/// Preprocessing out of the libraries' own configuration files. What a file leaves out is as in `fallback`.
enum PreprocessingReaders {
    private typealias Limits = ConfigurationLimits
    private static let huggingFaceFilters: [PreprocessingFields.Interpolation] = [
        .nearest, .lanczos, .bilinear, .bicubic, .box, .hamming,
    ]

    /// `preprocessor_config.json` of Hugging Face.
    static func huggingFace(
        _ config: ConfigObject, fallback: PreprocessingFields
    ) throws(CutisError) -> PreprocessingFields {
        var fields = fallback
        fields.origin = "preprocessor_config.json"
        fields.cropRoundsDown = true
        if let code = try config.integer("resample", in: 0...5) { fields.interpolation = huggingFaceFilters[code] }
        if let mean = try config.channels("image_mean") { fields.mean = mean }
        if let std = try config.channels("image_std") { fields.std = std }
        if try config.flag("do_normalize") == false { (fields.mean, fields.std) = ChannelStatistics.none }
        if let factor = try config.number("rescale_factor", in: 1e-6...1) { fields.rescale = factor }
        if try config.flag("do_rescale") == false { fields.rescale = 1 }
        var type = try config.text("image_processor_type") ?? ""
        if type.isEmpty { type = try config.text("feature_extractor_type") ?? "" }
        if type.hasPrefix("ConvNext") {
            try convNext(config, into: &fields)
        } else {
            try sizes(config, isShortest: type.hasPrefix("CLIP"), into: &fields)
        }
        if try config.flag("do_resize") == false { fields.resize = .none }
        return fields
    }

    /// A size below 384 is resized larger and cropped, any other is forced (`ConvNextImageProcessor`).
    private static func convNext(_ config: ConfigObject, into fields: inout PreprocessingFields) throws(CutisError) {
        var side = try config.object("size")?.integer("shortest_edge", in: Limits.image)
        if side == nil, case .number = config["size"] { side = try config.integer("size", in: Limits.image) }
        guard let side else { return }
        let share = try config.number("crop_pct", in: 0.1...1) ?? 224.0 / 256
        if side < 384 {
            fields.resize = .shortestSide(Int(Double(side) / share))
            fields.crop = [side, side]
        } else {
            fields.resize = .exact(height: side, width: side)
            fields.crop = nil
        }
    }

    /// - Parameter isShortest: one number means the shorter side (CLIP), not a square.
    private static func sizes(
        _ config: ConfigObject, isShortest: Bool, into fields: inout PreprocessingFields
    ) throws(CutisError) {
        if isShortest, case .number = config["size"], let side = try config.integer("size", in: Limits.image) {
            fields.resize = .shortestSide(side)
        } else if case .object = config["size"], let size = try config.object("size"),
            let side = try size.integer("shortest_edge", in: Limits.image)
        {
            guard !size.has("longest_edge") else { throw size.error("longest_edge", "this rule is not supported") }
            fields.resize = .shortestSide(side)
        } else if let size = try config.size("size") {
            fields.resize = .exact(height: size[0], width: size[1])
        } else if config.has("size") {
            throw config.error("size", "no rule that is supported")
        }
        let crops = try config.flag("do_center_crop")
        if crops == true, let crop = try config.size("crop_size") { fields.crop = crop }
        if crops == false || (crops == nil && !isShortest) { fields.crop = nil }
    }

    /// `pretrained_cfg` of timm.
    static func timm(_ config: ConfigObject, fallback: PreprocessingFields) throws(CutisError) -> PreprocessingFields {
        var fields = fallback
        fields.origin = "pretrained_cfg of config.json"
        let size = try config.integers("input_size", in: Limits.image)
        guard let size, size.count == 3 else { return fields }
        let (height, width) = (size[1], size[2])
        let share = try config.number("crop_pct", in: 0.1...4) ?? 0.875
        fields.interpolation = try filter(config, default: .bicubic)
        fields.mean = try config.channels("mean") ?? ChannelStatistics.imageNet.mean
        fields.std = try config.channels("std") ?? ChannelStatistics.imageNet.std
        fields.crop = [height, width]
        let tall = Int((Double(height) / share).rounded(.down))
        let wide = Int((Double(width) / share).rounded(.down))
        switch try config.text("crop_mode") ?? "center" {
        case "center": fields.resize = tall == wide ? .shortestSide(tall) : .cover(height: tall, width: wide)
        case "squash": fields.resize = .exact(height: tall, width: wide)
        case "border":
            fields.resize = .fit(height: tall, width: wide)
            fields.fill = fields.mean.map { Int((255 * min(max($0, 0), 1)).rounded(.toNearestOrEven)) }
        case let mode: throw config.error("crop_mode", "\"\(mode)\" is not supported")
        }
        return fields
    }

    /// `preprocess_cfg` of OpenCLIP.
    static func openCLIP(
        _ config: ConfigObject, size: [Int], fallback: PreprocessingFields
    ) throws(CutisError) -> PreprocessingFields {
        var fields = fallback
        fields.origin = "preprocess_cfg of open_clip_config.json"
        if let mode = try config.text("mode"), mode != "RGB" { throw config.error("mode", "\"\(mode)\" is not RGB") }
        let own = try config.size("size") ?? size
        let (height, width) = (own.first ?? 224, own.last ?? 224)
        fields.interpolation = try filter(config, default: .bicubic)
        fields.mean = try config.channels("mean") ?? ChannelStatistics.clip.mean
        fields.std = try config.channels("std") ?? ChannelStatistics.clip.std
        fields.crop = [height, width]
        switch try config.text("resize_mode") ?? "shortest" {
        case "shortest": fields.resize = height == width ? .shortestSide(height) : .cover(height: height, width: width)
        case "squash": (fields.resize, fields.crop) = (.exact(height: height, width: width), nil)
        case "longest":
            let grey = try config.integer("fill_color", in: 0...255) ?? 0
            fields.resize = .fit(height: height, width: width)
            fields.fill = [grey, grey, grey]
        case let mode: throw config.error("resize_mode", "\"\(mode)\" is not supported")
        }
        return fields
    }

    private static func filter(
        _ config: ConfigObject, default standard: PreprocessingFields.Interpolation
    ) throws(CutisError) -> PreprocessingFields.Interpolation {
        guard let name = try config.text("interpolation") else { return standard }
        guard let filter = PreprocessingFields.Interpolation(rawValue: name) else {
            throw config.error("interpolation", "\"\(name)\" is not supported")
        }
        return filter
    }
}
