import Foundation

/// Applies a few operations, each drawn from the same fourteen, all with one magnitude (Cubuk et al. 2020), with the
/// operations, bins and magnitudes of torchvision's `RandAugment`.
public struct RandAugment: Sendable, Hashable {
    /// How many operations an image gets, one after another.
    public var operations: Int
    /// Which of the bins every operation takes its strength from, counted from 0.
    public var magnitude: Int
    /// How many bins lie between no change and the strongest one.
    public var bins: Int

    /// Makes a rule; the defaults are torchvision's.
    public init(operations: Int = 2, magnitude: Int = 9, bins: Int = 31) {
        self.operations = operations
        self.magnitude = magnitude
        self.bins = bins
    }

    /// The kinds of change, in torchvision's order.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case identity, shearX, shearY, translateX, translateY, rotate, brightness, color, contrast, sharpness, posterize
        case solarize, autoContrast, equalize

        /// Whether the sign of the strength is drawn too.
        var isSigned: Bool {
            switch self {
            case .identity, .posterize, .solarize, .autoContrast, .equalize: false
            default: true
            }
        }
    }

    /// One change with its strength in the unit of its kind: shares, pixels, degrees, bits or grey levels.
    public struct Operation: Sendable, Hashable {
        /// What is done.
        public var kind: Kind
        /// How strongly; 0 where the kind has no strength.
        public var strength: Double

        /// Joins the two.
        public init(kind: Kind, strength: Double) {
            self.kind = kind
            self.strength = strength
        }
    }

    /// Draws the operations for an image of a size.
    public func sample(width: Int, height: Int, using generator: inout some RandomNumberGenerator) -> [Operation] {
        (0..<max(0, operations)).map { _ in
            let kind = Kind.allCases[generator.index(below: Kind.allCases.count)]
            let strength = strength(of: kind, width: width, height: height)
            let isNegative = kind.isSigned && generator.index(below: 2) == 1
            return Operation(kind: kind, strength: isNegative ? -strength : strength)
        }
    }

    /// The strength of a kind at this magnitude, without its sign.
    public func strength(of kind: Kind, width: Int, height: Int) -> Double {
        switch kind {
        case .identity, .autoContrast, .equalize: 0
        case .shearX, .shearY: bin(upTo: 0.3)
        case .translateX: bin(upTo: 150.0 / 331 * Double(width))
        case .translateY: bin(upTo: 150.0 / 331 * Double(height))
        case .rotate: bin(upTo: 30)
        case .brightness, .color, .contrast, .sharpness: bin(upTo: 0.9)
        case .posterize:
            8 - Double((Float(magnitude) / (Float(bins - 1) / 4)).rounded(.toNearestOrEven))
        case .solarize: bin(from: 255, to: 0)
        }
    }

    private func bin(upTo end: Double) -> Double { bin(from: 0, to: end) }

    /// An entry of `torch.linspace(start, end, bins)`, which counts from both ends in single precision.
    private func bin(from start: Double, to end: Double) -> Double {
        let (first, last) = (Float(start), Float(end))
        let step = (last - first) / Float(max(1, bins - 1))
        return Double(
            magnitude < bins / 2 ? first + step * Float(magnitude) : last - step * Float(bins - 1 - magnitude))
    }
}

extension PixelBuffer {
    /// The image with RandAugment's operations applied one after another; nearest pixels and black corners where they
    /// move it, as torchvision does with PIL images.
    public func applying(_ operations: [RandAugment.Operation]) -> PixelBuffer {
        operations.reduce(self) { image, operation in
            let strength = operation.strength
            return switch operation.kind {
            case .identity: image
            case .shearX: image.sheared(x: strength)
            case .shearY: image.sheared(y: strength)
            case .translateX: image.translated(x: wholeShift(strength))
            case .translateY: image.translated(y: wholeShift(strength))
            case .rotate: image.rotated(degrees: strength)
            case .brightness: image.adjustingBrightness(Float(1 + strength))
            case .color: image.adjustingSaturation(Float(1 + strength))
            case .contrast: image.adjustingContrast(Float(1 + strength))
            case .sharpness: image.adjustingSharpness(Float(1 + strength))
            case .posterize: image.posterized(bits: wholeShift(strength))
            case .solarize: image.solarized(threshold: strength)
            case .autoContrast: image.autocontrasted()
            case .equalize: image.equalized()
            }
        }
    }
}

/// Towards zero, as Python's `int`; 0 for what is no number.
private func wholeShift(_ value: Double) -> Int {
    Int(exactly: value.rounded(.towardZero)) ?? 0
}
