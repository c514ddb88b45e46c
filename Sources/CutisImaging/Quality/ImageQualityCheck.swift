public import CutisCore

/// Judges whether a photo is fit for an answer, before a model sees it.
///
/// The work is done on a reduced copy, so that it takes a few milliseconds whatever the size of the photo.
public struct ImageQualityCheck: Sendable {
    /// From which measure on a photo is warned of or refused.
    public var limits: QualityLimits

    /// Makes a check.
    public init(limits: QualityLimits = QualityLimits()) {
        self.limits = limits
    }

    /// Judges a decoded photo.
    ///
    /// - Parameters:
    ///   - image: an RGB image, upright or not; a JPEG may have been decoded at a reduced scale.
    ///   - size: the photo's own size, where `image` is a reduced one.
    ///   - target: the size to which a model's recipe resizes the photo; nil where no model is meant, and resolution is
    ///     then not judged.
    /// - Returns: what is wrong, refusals first, and the measures `sharpness`, `brightness`, `overexposed`, `contrast`,
    ///   `roughness`, `skin`, `resolution` and, where something stands out from the skin, `lesion-area`,
    ///   `lesion-border`, `lesion-middle` and `lesion-strength`.
    public func assess(_ image: PixelBuffer, size: CropSize? = nil, target: CropSize? = nil) -> ImageQuality {
        guard image.channels == 3 else { return ImageQuality(findings: [], measures: [:]) }
        let size = size ?? CropSize(width: image.width, height: image.height)
        let measures = QualityMeasures(ReducedImage(image), framing: limits.framing)
        var values = [
            "sharpness": measures.sharpness, "brightness": measures.brightness,
            "overexposed": measures.overexposed, "contrast": measures.contrast, "roughness": measures.roughness,
            "skin": measures.skin,
        ]
        let exposure = exposure(measures)
        var findings = [exposure]
        // In what is black or white there is nothing else to find.
        if exposure?.severity != .refusal {
            findings += [contrast(measures), skin(measures), sharpness(measures), framing(measures)]
        }
        if let target {
            let resolution = min(
                Double(size.width) / Double(max(target.width, 1)), Double(size.height) / Double(max(target.height, 1)))
            values["resolution"] = resolution
            findings.append(self.resolution(resolution, size))
        }
        if let framing = measures.framing {
            values["lesion-area"] = framing.area
            values["lesion-border"] = framing.border
            values["lesion-middle"] = framing.middle
            values["lesion-strength"] = framing.strength
        }
        let found = findings.compactMap(\.self)
        return ImageQuality(
            findings: found.filter { $0.severity == .refusal } + found.filter { $0.severity == .warning },
            measures: values)
    }

    private func exposure(_ measures: QualityMeasures) -> QualityFinding? {
        if let severity = limits.brightness.severity(below: measures.brightness) {
            return QualityFinding(
                .tooDark, severity, "The photo is too dark to show the skin.",
                remedy: "Take it again in daylight or with the flash on.")
        }
        if let severity = limits.overexposed.severity(above: measures.overexposed) {
            return QualityFinding(
                .tooBright, severity,
                severity == .refusal
                    ? "Most of the image is white: it is overexposed, or no photo of skin."
                    : "Parts of the photo are overexposed: they are white and show nothing.",
                remedy: "Take it again with less light or without the flash, and avoid reflections.")
        }
        return nil
    }

    private func contrast(_ measures: QualityMeasures) -> QualityFinding? {
        guard let severity = limits.contrast.severity(below: measures.contrast) else { return nil }
        return QualityFinding(
            .lowContrast, severity, "The photo is nearly of one colour and shows no detail.",
            remedy: "Clean the lens, avoid light that shines into it, and take the photo again.")
    }

    private func skin(_ measures: QualityMeasures) -> QualityFinding? {
        // On plain skin the noise of the camera is all that differs; it is faint.
        if measures.contrast >= Self.strongContrast,
            let severity = limits.roughness.severity(above: measures.roughness)
        {
            return QualityFinding(
                .noSkin, severity, "The image is noise and shows no skin.",
                remedy: "Take a photo of the skin with enough light, or export it again from where it was taken.")
        }
        guard let severity = limits.skin.severity(below: measures.skin) else { return nil }
        let message =
            severity == .refusal
            ? "The image shows no skin: nothing in it has a colour that skin has."
            : "Little of the photo has a colour that skin has."
        return QualityFinding(
            .noSkin, severity, message,
            remedy: "Give a colour photo of the skin, taken in white light and without a colour filter.")
    }

    private func sharpness(_ measures: QualityMeasures) -> QualityFinding? {
        // Where there is nothing to see, its sharpness says nothing.
        guard limits.contrast.severity(below: measures.contrast) != .refusal,
            let severity = limits.sharpness.severity(below: measures.sharpness)
        else { return nil }
        return QualityFinding(
            .blurred, severity,
            severity == .refusal
                ? "The photo is out of focus or shaken."
                : "The photo is not quite sharp, so that fine structure is lost.",
            remedy: "Tap on the lesion to focus, hold the camera still and take the photo again.")
    }

    private func resolution(_ resolution: Double, _ size: CropSize) -> QualityFinding? {
        guard let severity = limits.resolution.severity(below: resolution) else { return nil }
        return QualityFinding(
            .lowResolution, severity,
            "The photo of \(size.width)×\(size.height) pixels is smaller than the model looks at.",
            remedy: "Send the photo as the camera took it, not a preview or a thumbnail.")
    }

    private func framing(_ measures: QualityMeasures) -> QualityFinding? {
        guard limits.framing, limits.contrast.severity(below: measures.contrast) == nil else { return nil }
        guard let framing = measures.framing, framing.strength >= Self.absentStrength else {
            return QualityFinding(
                .badFraming, .warning, "Nothing in the photo stands out from the skin.",
                remedy: "Check that the lesion is in the picture, and take it from nearer if it is faint.")
        }
        guard framing.strength >= Self.visibleStrength else { return nil }
        let remedy =
            "Take the photo again with the lesion in the middle, filling a third to two thirds of the picture."
        if framing.border >= Self.cutBorder, framing.middle <= Self.emptyMiddle {
            return QualityFinding(
                .badFraming, .warning, "What stands out from the skin lies at the edge of the photo and is cut off.",
                remedy: remedy)
        }
        if framing.area <= Self.tinyArea, framing.middle <= Self.emptyMiddle {
            return QualityFinding(
                .badFraming, .warning, "What stands out from the skin is very small in the photo.", remedy: remedy)
        }
        return nil
    }

    /// Above the contrast of a camera's noise.
    private static let strongContrast = 0.25
    /// What is fainter is no more than shading.
    private static let absentStrength = 0.12
    /// The place of what is fainter says nothing of the lesion's.
    private static let visibleStrength = 0.35
    private static let cutBorder = 0.04
    private static let emptyMiddle = 0.01
    private static let tinyArea = 0.004
}
