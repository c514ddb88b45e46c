import Foundation

/// A colour scale for heat maps whose lightness rises evenly from dark to light.
///
/// The colours are computed in OKLab (Ottosson 2020), where equal steps look equally large: lightness goes from 0.20
/// to 0.95, the hue from blue-violet over red to yellow. So the scale also reads in a gray print.
package enum ColorMap {
    /// 256 colours of three samples (red, green, blue), from the lowest value to the highest.
    package static let heat: [[UInt8]] = (0..<256).map { color(Double($0) / 255) }

    private static func color(_ t: Double) -> [UInt8] {
        let lightness = 0.20 + 0.75 * t
        let hue = (285 + 175 * t) * .pi / 180
        // Strong in the middle, weaker at the ends, where sRGB has no strong dark or light colours.
        let chroma = 0.06 + 0.135 * sin(.pi * min(t * 0.93 + 0.03, 1))
        return sRGB(lightness, chroma * cos(hue), chroma * sin(hue))
    }

    /// OKLab → linear sRGB → 8-bit sRGB, clipped to the gamut.
    private static func sRGB(_ lightness: Double, _ a: Double, _ b: Double) -> [UInt8] {
        let l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3)
        let m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3)
        let s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3)
        let linear = [
            4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
        ]
        return linear.map { value in
            let light = min(max(value, 0), 1)
            let coded = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
            return UInt8((coded * 255).rounded())
        }
    }
}
