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
        return sampled(AffineMap(degrees: angle, width: width, height: height), fill: fill)
    }
}

extension AffineMap {
    /// A turn about the centre (Pillow's `Image.rotate`); positive turns counter-clockwise.
    fileprivate init(degrees: Double, width: Int, height: Int) {
        let angle = -degrees * .pi / 180
        let (cosine, sine) = (Self.rounded(cos(angle)), Self.rounded(sin(angle)))
        let (centreX, centreY) = (Double(width) / 2, Double(height) / 2)
        self.init(
            xx: cosine, xy: sine, x: cosine * -centreX + sine * -centreY + centreX, yx: -sine, yy: cosine,
            y: -sine * -centreX + cosine * -centreY + centreY)
    }

    /// Pillow rounds the matrix to 15 decimals, so that the cosine of a right angle is 0.
    private static func rounded(_ value: Double) -> Double {
        (value * 1e15).rounded(.toNearestOrEven) / 1e15
    }
}
