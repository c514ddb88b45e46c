import Foundation

extension PixelBuffer {
    /// The image under an affine map, at the same size, with exactly the pixels of Pillow's
    /// `transform(size, AFFINE, matrix, NEAREST)`.
    ///
    /// - Parameters:
    ///   - map: where each pixel of the result comes from.
    ///   - fill: the sample of each channel where the image does not reach; black where it has too few.
    func sampled(_ map: AffineMap, fill: [UInt8] = []) -> PixelBuffer {
        let (width, height, channels) = (width, height, channels)
        let background = (0..<4).map { $0 < fill.count ? fill[$0] : 0 }
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

    /// The image slanted: rows move by `x` pixels per row, columns by `y` pixels per column, from the upper left corner
    /// (RandAugment's ShearX and ShearY in torchvision).
    public func sheared(x: Double = 0, y: Double = 0) -> PixelBuffer {
        guard x.isFinite, y.isFinite else { return self }
        // torchvision goes through degrees and back, and multiplies in this order; the last bits count.
        let (slantX, slantY) = (Self.throughDegrees(atan(x)), Self.throughDegrees(atan(y)))
        let xx = -sin(-slantY) * tan(slantX) / cos(slantY) + 1
        let xy = cos(-slantY) * tan(slantX) / cos(slantY)
        return sampled(
            AffineMap(xx: xx, xy: xy, x: 0, yx: -sin(-slantY) / cos(slantY), yy: cos(-slantY) / cos(slantY), y: 0))
    }

    private static func throughDegrees(_ radians: Double) -> Double {
        (radians * (180 / .pi)) * (.pi / 180)
    }

    /// The image moved by whole pixels (RandAugment's TranslateX and TranslateY in torchvision).
    public func translated(x: Int = 0, y: Int = 0) -> PixelBuffer {
        sampled(AffineMap(xx: 1, xy: 0, x: Double(-x), yx: 0, yy: 1, y: Double(-y)))
    }
}

/// Where each pixel of a result comes from, in Pillow's 16.16 fixed point (`affine_fixed` in Geometry.c).
struct AffineMap {
    let columnStep: (x: Int, y: Int)
    private let rowStep: (x: Int, y: Int)
    private let origin: (x: Int, y: Int)

    /// The pixel (u, v) of the result comes from (xx·u + xy·v + x, yx·u + yy·v + y).
    init(xx: Double, xy: Double, x: Double, yx: Double, yy: Double, y: Double) {
        columnStep = (Self.fixed(xx), Self.fixed(yx))
        rowStep = (Self.fixed(xy), Self.fixed(yy))
        origin = (Self.fixed(x + xx * 0.5 + xy * 0.5), Self.fixed(y + yx * 0.5 + yy * 0.5))
    }

    /// Where the first pixel of a row comes from.
    func start(row: Int) -> (Int, Int) {
        (origin.x + row * rowStep.x, origin.y + row * rowStep.y)
    }

    private static func fixed(_ value: Double) -> Int {
        Int((value * 65536 + 0.5).rounded(.down))
    }
}
