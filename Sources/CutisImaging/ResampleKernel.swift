/// The windows and fixed-point weights of one axis of a resize.
struct ResampleKernel {
    /// Pillow's PRECISION_BITS: 32 bits less 8 for the sample and 2 for overshoot and sign.
    static let precisionBits: Int32 = 22
    /// One half in fixed point: the start of every sum, so that the shift rounds.
    static let half: Int32 = 1 << (precisionBits - 1)

    /// How many samples the source has.
    private let inSize: Int
    /// The first source index of each window.
    let starts: [Int]
    /// How many source samples each window has.
    let counts: [Int]
    /// The distance in `weights` from one window to the next.
    let stride: Int
    /// The weights, `stride` per window, of which `counts` are used.
    let weights: [Int32]

    /// Computes the windows as Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`.
    ///
    /// - Parameter extent: what the result spans, in samples, where that is not the whole source: it may end less
    ///   than one sample before or behind the last one (the `box` of Pillow's `resize`).
    init(from inSize: Int, extent: Double? = nil, to outSize: Int, filter: ResampleFilter) {
        let scale = (extent ?? Double(inSize)) / Double(outSize)
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        let step = 1 / filterScale
        let stride = Int(support.rounded(.up)) * 2 + 1
        var starts = [Int](repeating: 0, count: outSize)
        var counts = starts
        var weights = [Int32](repeating: 0, count: outSize * stride)
        var window = [Double](repeating: 0, count: stride)
        for index in 0..<outSize {
            let centre = (Double(index) + 0.5) * scale
            let first = max(Int(centre - support + 0.5), 0)
            let count = min(Int(centre + support + 0.5), inSize) - first
            var sum = 0.0
            for offset in 0..<count {
                let weight = filter.weight((Double(offset + first) - centre + 0.5) * step)
                window[offset] = weight
                sum += weight
            }
            for offset in 0..<count {
                weights[index * stride + offset] = Self.fixed(sum == 0 ? window[offset] : window[offset] / sum)
            }
            starts[index] = first
            counts[index] = count
        }
        self.inSize = inSize
        self.starts = starts
        self.counts = counts
        self.stride = stride
        self.weights = weights
    }

    /// The kernel for a source whose samples are stored in reverse; the results come out in reverse as well.
    var mirrored: ResampleKernel { ResampleKernel(mirroring: self) }

    private init(mirroring kernel: ResampleKernel) {
        inSize = kernel.inSize
        stride = kernel.stride
        counts = kernel.counts.reversed()
        starts = zip(kernel.starts, kernel.counts).reversed().map { kernel.inSize - $0 - $1 }
        var weights = [Int32](repeating: 0, count: kernel.weights.count)
        for (index, count) in counts.enumerated() {
            let source = (counts.count - 1 - index) * stride
            for offset in 0..<count { weights[index * stride + offset] = kernel.weights[source + count - 1 - offset] }
        }
        self.weights = weights
    }

    private static func fixed(_ weight: Double) -> Int32 {
        let scaled = weight * Double(1 << precisionBits)
        return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
    }
}
