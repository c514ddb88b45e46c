/// Draws random colour changes (torchvision's `ColorJitter`).
public struct ColorJitter: Sendable, Hashable, Codable {
    /// The factor is drawn from max(0, 1 − x)…1 + x; 0 leaves the brightness alone.
    public var brightness: Float
    /// The factor is drawn from max(0, 1 − x)…1 + x; 0 leaves the contrast alone.
    public var contrast: Float
    /// The factor is drawn from max(0, 1 − x)…1 + x; 0 leaves the saturation alone.
    public var saturation: Float
    /// The shift is drawn from −x…x turns, x at most 0.5; 0 leaves the hue alone.
    public var hue: Double

    /// Joins the four strengths.
    public init(brightness: Float = 0, contrast: Float = 0, saturation: Float = 0, hue: Double = 0) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
    }

    /// One colour change.
    public enum Change: Sendable, Hashable {
        case brightness(Float)
        case contrast(Float)
        case saturation(Float)
        case hue(Double)
    }

    /// Draws the changes in a random order; those whose strength is 0 are left out.
    public func sample(using generator: inout some RandomNumberGenerator) -> [Change] {
        var changes: [Change] = []
        if brightness > 0 { changes.append(.brightness(factor(brightness, &generator))) }
        if contrast > 0 { changes.append(.contrast(factor(contrast, &generator))) }
        if saturation > 0 { changes.append(.saturation(factor(saturation, &generator))) }
        if hue > 0 {
            let strength = min(hue, 0.5)
            changes.append(.hue(Double.random(in: -strength...strength, using: &generator)))
        }
        return changes.shuffled(using: &generator)
    }

    private func factor(_ strength: Float, _ generator: inout some RandomNumberGenerator) -> Float {
        guard strength.isFinite else { return 1 }
        return Float.random(in: max(0, 1 - strength)...1 + strength, using: &generator)
    }
}

extension PixelBuffer {
    /// The image with colour changes applied one after another.
    public func applying(_ changes: [ColorJitter.Change]) -> PixelBuffer {
        changes.reduce(self) { image, change in
            switch change {
            case .brightness(let factor): image.adjustingBrightness(factor)
            case .contrast(let factor): image.adjustingContrast(factor)
            case .saturation(let factor): image.adjustingSaturation(factor)
            case .hue(let shift): image.adjustingHue(shift)
            }
        }
    }
}
