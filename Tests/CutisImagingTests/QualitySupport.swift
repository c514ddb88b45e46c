import CutisImaging
import Foundation

/// Photos that are bad in one way.
enum Degradation: CustomStringConvertible {
    case none
    /// A Gaussian blur, by its standard deviation in pixels of the given photo.
    case blur(Double)
    /// All samples multiplied and cut at 255.
    case exposure(Double)
    /// Haze: samples drawn towards 128.
    case haze(Double)

    var description: String {
        switch self {
        case .none: "as it is"
        case .blur(let sigma): "blurred, sigma \(sigma)"
        case .exposure(let factor): "exposure × \(factor)"
        case .haze(let share): "contrast × \(share)"
        }
    }

    func apply(to image: PixelBuffer) throws -> PixelBuffer {
        switch self {
        case .none: return image
        case .blur(let sigma): return try Self.blurred(image, sigma)
        case .exposure(let factor): return try Self.mapped(image) { Double($0) * factor }
        case .haze(let share): return try Self.mapped(image) { 128 + (Double($0) - 128) * share }
        }
    }

    private static func mapped(_ image: PixelBuffer, _ body: (UInt8) -> Double) throws -> PixelBuffer {
        let table = (0...255).map { UInt8(min(max(body(UInt8($0)), 0), 255).rounded()) }
        return try PixelBuffer(
            width: image.width, height: image.height, channels: 3, pixels: image.pixels.map { table[Int($0)] })
    }

    private static func blurred(_ image: PixelBuffer, _ sigma: Double) throws -> PixelBuffer {
        let radius = Int((3 * sigma).rounded(.up))
        var kernel = (-radius...radius).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
        let sum = kernel.reduce(0, +)
        kernel = kernel.map { $0 / sum }
        let (width, height) = (image.width, image.height)
        let source = image.pixels.map(Double.init)
        var across = [Double](repeating: 0, count: source.count)
        var output = [UInt8](repeating: 0, count: source.count)
        for y in 0..<height {
            for x in 0..<width {
                for (index, weight) in kernel.enumerated() {
                    let from = (y * width + min(max(x + index - radius, 0), width - 1)) * 3
                    for channel in 0..<3 { across[(y * width + x) * 3 + channel] += weight * source[from + channel] }
                }
            }
        }
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    var value = 0.0
                    for (index, weight) in kernel.enumerated() {
                        let row = min(max(y + index - radius, 0), height - 1)
                        value += weight * across[(row * width + x) * 3 + channel]
                    }
                    output[(y * width + x) * 3 + channel] = UInt8(min(max(value, 0), 255).rounded())
                }
            }
        }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: output)
    }
}

/// Images that show no skin, and photos of skin that need no camera.
enum Scenes {
    static func filled(_ width: Int, _ height: Int, _ color: (Int, Int) -> [UInt8]) throws -> PixelBuffer {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height { for x in 0..<width { pixels += color(x, y) } }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: pixels)
    }

    /// Skin of one tone with grain and a brown lesion of a given place and size (shares of the width).
    static func skin(
        _ tone: [UInt8], width: Int = 448, height: Int = 448, lesion: (x: Double, y: Double, radius: Double)?
    ) throws -> PixelBuffer {
        var random: UInt32 = 7
        return try filled(width, height) { x, y in
            random = random &* 1_664_525 &+ 1_013_904_223
            let grain = 1 + (Double(random >> 24) - 128) / 1600 + 0.03 * sin(Double(x) / 5) * cos(Double(y) / 7)
            var factors = [grain, grain, grain]
            if let lesion {
                let (dx, dy) = (Double(x) / Double(width) - lesion.x, Double(y) / Double(width) - lesion.y)
                if dx * dx + dy * dy < lesion.radius * lesion.radius {
                    factors = [0.62 * grain, 0.5 * grain, 0.48 * grain]
                }
            }
            return zip(tone, factors).map { UInt8(min(max(Double($0) * $1, 0), 255)) }
        }
    }

    /// Lines of text-like strokes on paper.
    static func document(paper: [UInt8], ink: [UInt8]) throws -> PixelBuffer {
        var random: UInt32 = 3
        return try filled(600, 800) { x, y in
            random = random &* 1_664_525 &+ 1_013_904_223
            let isLine = y % 24 > 8 && y % 24 < 18 && x > 40 && x < 560
            let isStroke = isLine && (x / 3 + (x / 11) * (y / 24)) % 3 == 0
            return isStroke ? ink : paper
        }
    }

    /// Sky over grass.
    static func landscape() throws -> PixelBuffer {
        try filled(800, 600) { x, y in
            let shade = UInt8((x * 7 + y * 13 + (x / 3) * (y / 5)) % 60)
            let half = shade / 2
            return y < 280 ? [90 + half, 140 + half, 200 + half] : [40 + half, 110 + shade, 30 + shade / 3]
        }
    }

    /// The ten tones of the Monk scale, lightest first.
    static let monkTones: [[UInt8]] = [
        [0xF6, 0xED, 0xE4], [0xF3, 0xE7, 0xDB], [0xF7, 0xEA, 0xD0], [0xEA, 0xDA, 0xBA], [0xD7, 0xBD, 0x96],
        [0xA0, 0x7E, 0x56], [0x82, 0x5C, 0x43], [0x60, 0x41, 0x34], [0x3A, 0x31, 0x2A], [0x29, 0x24, 0x20],
    ]
}
