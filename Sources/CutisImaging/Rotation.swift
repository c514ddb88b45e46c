import Foundation

extension PixelBuffer {
    /// The image turned about its centre, at the same size, with exactly the pixels of Pillow's
    /// `rotate(angle, NEAREST, expand=False)`.
    ///
    /// - Parameters:
    ///   - degrees: the angle; positive turns counter-clockwise. An angle that is not finite counts as 0.
    ///   - fill: the sample of each channel where the turned image does not reach; black where it has too few.
    public func rotated(degrees: Double, fill: [UInt8] = []) -> PixelBuffer {
        guard degrees.isFinite else { return self }
        var angle = degrees.truncatingRemainder(dividingBy: 360)
        if angle < 0 { angle += 360 }
        if angle == 0 { return self }
        if angle == 180 { return rotated180() }
        if width == height, angle == 90 { return rotated90CounterClockwise() }
        if width == height, angle == 270 { return rotated90Clockwise() }
        return sampled(InverseRotation(degrees: angle, width: width, height: height), fill: fill)
    }

    private func sampled(_ map: InverseRotation, fill: [UInt8]) -> PixelBuffer {
        let (width, height, channels) = (width, height, channels)
        let background = (0..<channels).map { $0 < fill.count ? fill[$0] : 0 }
        return pixels.withUnsafeBufferPointer { source in
            PixelBuffer.filled(width: width, height: height, channels: channels) { output in
                var target = output
                for y in 0..<height {
                    var (u, v) = map.start(row: y)
                    for _ in 0..<width {
                        let (column, row) = (u >> 16, v >> 16)
                        let isInside = column >= 0 && column < width && row >= 0 && row < height
                        let pixel = (row * width + column) * channels
                        for channel in 0..<channels {
                            target[channel] = isInside ? source[pixel + channel] : background[channel]
                        }
                        target += channels
                        u += map.columnStep.x
                        v += map.columnStep.y
                    }
                }
            }
        }
    }
}

/// Where each pixel of a turned image comes from, in Pillow's 16.16 fixed point (`affine_fixed` in Geometry.c).
private struct InverseRotation {
    let columnStep: (x: Int, y: Int)
    private let rowStep: (x: Int, y: Int)
    private let origin: (x: Int, y: Int)

    init(degrees: Double, width: Int, height: Int) {
        let angle = -degrees * .pi / 180
        let (cosine, sine) = (Self.rounded(cos(angle)), Self.rounded(sin(angle)))
        let (centreX, centreY) = (Double(width) / 2, Double(height) / 2)
        let shiftX = cosine * -centreX + sine * -centreY + centreX
        let shiftY = -sine * -centreX + cosine * -centreY + centreY
        columnStep = (Self.fixed(cosine), Self.fixed(-sine))
        rowStep = (Self.fixed(sine), Self.fixed(cosine))
        origin = (
            Self.fixed(shiftX + cosine * 0.5 + sine * 0.5), Self.fixed(shiftY - sine * 0.5 + cosine * 0.5)
        )
    }

    func start(row: Int) -> (Int, Int) {
        (origin.x + row * rowStep.x, origin.y + row * rowStep.y)
    }

    private static func fixed(_ value: Double) -> Int {
        Int((value * 65536 + 0.5).rounded(.down))
    }

    /// Pillow rounds the matrix to 15 decimals, so that the cosine of a right angle is 0.
    private static func rounded(_ value: Double) -> Double {
        (value * 1e15).rounded(.toNearestOrEven) / 1e15
    }
}
