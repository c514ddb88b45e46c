public import CutisCore
public import CutisImaging
import Foundation

/// A synthetic picture of a pigmented lesion on skin, computed from formulas: no patient's image.
///
/// It is the golden case of imported bundles and the demo image where no real one is at hand. It looks enough like
/// a dermoscopic image to exercise decoding, preprocessing and the model; a diagnosis of it means nothing.
public enum SyntheticLesion {
    /// Renders the picture.
    ///
    /// - Parameters:
    ///   - width: in pixels.
    ///   - height: in pixels.
    ///   - variant: another shape and colour for each number.
    /// - Throws: `CutisError` with `.invalidArguments` for a size below 1.
    public static func render(width: Int = 600, height: Int = 450, variant: Int = 0) throws(CutisError) -> PixelBuffer {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        let phase = Double(variant) * 1.7
        for y in 0..<height {
            for x in 0..<width {
                let u = (Double(x) - Double(width) / 2) / Double(height)
                let v = (Double(y) - Double(height) / 2) / Double(height)
                let colour = shade(u, v, phase: phase)
                let noise = (hash(x, y, variant) - 0.5) * 6
                for channel in 0..<3 {
                    pixels[(y * width + x) * 3 + channel] = UInt8(min(max(colour[channel] + noise, 0), 255))
                }
            }
        }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: pixels)
    }

    /// The colour at a place, in heights of the picture from its centre.
    private static func shade(_ u: Double, _ v: Double, phase: Double) -> [Double] {
        let angle = atan2(v, u)
        let edge = 0.27 + 0.035 * sin(3 * angle + phase) + 0.02 * sin(7 * angle - 2 * phase) + 0.012 * cos(11 * angle)
        let inside = 1 / (1 + exp((hypot(u * 0.85, v) - edge) * 45))
        let network = pow(abs(sin(u * 62 + phase) * sin(v * 58 + 6 * u)), 0.6)
        let core = exp(-(pow(u - 0.06, 2) + pow(v + 0.05, 2)) / 0.012)
        let darkness = inside * (0.55 + 0.2 * network + 0.35 * core)
        let mottling = 6 * sin(u * 9 + phase) * cos(v * 7) - 18 * (u * u + v * v)
        let skin = [214 + mottling, 168 + mottling, 148 + mottling]
        let pigment = [74.0, 42, 34]
        return zip(skin, pigment).map { $0 + ($1 - $0) * min(darkness, 1) }
    }

    /// A number in 0…1 that depends on the place alone, so that every machine renders the same picture.
    private static func hash(_ x: Int, _ y: Int, _ variant: Int) -> Double {
        var state = UInt64(bitPattern: Int64(x &* 73_856_093 ^ y &* 19_349_663 ^ variant &* 83_492_791))
        state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((state ^ (state >> 31)) >> 11) / Double(1 << 53)
    }
}
