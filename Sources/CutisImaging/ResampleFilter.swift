import Foundation

/// The interpolation of a resize, named and computed as in Pillow (src/libImaging/Resample.c).
public enum ResampleFilter: String, Codable, Sendable, Hashable, CaseIterable {
    /// The nearest source pixel; no averaging when shrinking.
    case nearest
    /// The mean of the covered area.
    case box
    /// A triangle; antialiased when shrinking.
    case bilinear
    /// A raised cosine; sharper than bilinear, of the same support.
    case hamming
    /// Keys' cubic with a = −0.5.
    case bicubic
    /// A sinc windowed by its own first lobe, three lobes wide.
    case lanczos

    /// The half width of the filter in source pixels when it does not shrink; 0 for `nearest`.
    var support: Double {
        switch self {
        case .nearest: 0
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The weight at a distance from the centre, in source pixels.
    func weight(_ distance: Double) -> Double {
        switch self {
        case .nearest: 0
        case .box: distance > -0.5 && distance <= 0.5 ? 1 : 0
        case .bilinear: abs(distance) < 1 ? 1 - abs(distance) : 0
        case .hamming: Self.hamming(abs(distance))
        case .bicubic: Self.bicubic(abs(distance))
        case .lanczos:
            distance >= -3 && distance < 3 ? Self.sinc(distance) * Self.sinc(distance / 3) : 0
        }
    }

    private static func hamming(_ x: Double) -> Double {
        guard x != 0 else { return 1 }
        guard x < 1 else { return 0 }
        // Pillow writes these two constants in single precision.
        return sin(x * .pi) / (x * .pi) * (Double(Float(0.54)) + Double(Float(0.46)) * cos(x * .pi))
    }

    private static func bicubic(_ x: Double) -> Double {
        let a = -0.5
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(x * .pi) / (x * .pi)
    }
}
