/// Unchecked views of a kernel, and the inner loops of both passes.
///
/// The kernel makes sure that every window lies within the source; sums stay within 32 bits by its fixed point.
struct ResampleWindows {
    private let starts: UnsafePointer<Int>
    private let counts: UnsafePointer<Int>
    private let weights: UnsafePointer<Int32>
    private let stride: Int
    private let count: Int

    static func with<R>(_ kernel: ResampleKernel, _ body: (ResampleWindows?) -> R) -> R {
        kernel.starts.withUnsafeBufferPointer { starts in
            kernel.counts.withUnsafeBufferPointer { counts in
                kernel.weights.withUnsafeBufferPointer { weights in
                    guard let first = starts.baseAddress, let lengths = counts.baseAddress,
                        let values = weights.baseAddress
                    else { return body(nil) }
                    return body(
                        ResampleWindows(
                            starts: first, counts: lengths, weights: values, stride: kernel.stride,
                            count: starts.count))
                }
            }
        }
    }

    @inline(__always)
    private static func clip(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: min(max(sum >> ResampleKernel.precisionBits, 0), 255))
    }

    func row1(_ row: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        for index in 0..<count {
            let weight = weights + index * stride
            let source = row + starts[index]
            var sum = ResampleKernel.half
            for offset in 0..<counts[index] { sum &+= Int32(source[offset]) &* weight[offset] }
            target[index] = Self.clip(sum)
        }
    }

    func row2(_ row: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        for index in 0..<count {
            let weight = weights + index * stride
            var source = row + starts[index] * 2
            var (first, second) = (ResampleKernel.half, ResampleKernel.half)
            for offset in 0..<counts[index] {
                first &+= Int32(source[0]) &* weight[offset]
                second &+= Int32(source[1]) &* weight[offset]
                source += 2
            }
            target[index * 2] = Self.clip(first)
            target[index * 2 + 1] = Self.clip(second)
        }
    }

    func row3(_ row: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        for index in 0..<count {
            let weight = weights + index * stride
            var source = row + starts[index] * 3
            var (red, green, blue) = (ResampleKernel.half, ResampleKernel.half, ResampleKernel.half)
            for offset in 0..<counts[index] {
                red &+= Int32(source[0]) &* weight[offset]
                green &+= Int32(source[1]) &* weight[offset]
                blue &+= Int32(source[2]) &* weight[offset]
                source += 3
            }
            target[index * 3] = Self.clip(red)
            target[index * 3 + 1] = Self.clip(green)
            target[index * 3 + 2] = Self.clip(blue)
        }
    }

    func row4(_ row: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        for index in 0..<count {
            let weight = weights + index * stride
            var source = row + starts[index] * 4
            var sums = SIMD4<Int32>(repeating: ResampleKernel.half)
            for offset in 0..<counts[index] {
                let pixel = SIMD4<UInt8>(source[0], source[1], source[2], source[3])
                sums &+= SIMD4<Int32>(truncatingIfNeeded: pixel) &* weight[offset]
                source += 4
            }
            for channel in 0..<4 { target[index * 4 + channel] = Self.clip(sums[channel]) }
        }
    }

    /// One row of the result of the vertical pass; `row` is the number of samples in a row.
    func column(
        _ index: Int, _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>,
        _ sums: UnsafeMutablePointer<Int32>, _ row: Int
    ) {
        sums.update(repeating: ResampleKernel.half, count: row)
        for offset in 0..<counts[index] {
            let weight = weights[index * stride + offset]
            let line = source + (starts[index] + offset) * row
            for x in 0..<row { sums[x] &+= Int32(line[x]) &* weight }
        }
        for x in 0..<row { target[x] = Self.clip(sums[x]) }
    }
}
