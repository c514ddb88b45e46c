/// Draws random colour changes (torchvision's `ColorJitter`).
public struct ColorJitter: Sendable, Hashable {
    /// The factor is drawn from max(0, 1 − x)…1 + x; 0 leaves the brightness alone.
    public var brightness: Double
    /// The factor is drawn from max(0, 1 − x)…1 + x; 0 leaves the contrast alone.
    public var contrast: Double
    /// The factor is drawn from max(0, 1 − x)…1 + x; 0 leaves the saturation alone.
    public var saturation: Double
    /// The shift is drawn from −x…x turns, x at most 0.5; 0 leaves the hue alone.
    public var hue: Double

    /// Joins the four strengths.
    public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0) {
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
            changes.append(.hue(generator.uniform(-strength, strength)))
        }
        generator.permute(&changes)
        return changes
    }

    private func factor(_ strength: Double, _ generator: inout some RandomNumberGenerator) -> Float {
        guard strength.isFinite else { return 1 }
        return Float(generator.uniform(max(0, 1 - strength), 1 + strength))
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
