import CKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One attention over a packed product [batch, queries, heads, width] beside [batch, keys, 2, heads, width].
struct AttentionCase: CustomStringConvertible {
    var batch = 1, heads = 1, queries = 1, keys = 1, width = 1
    var scale: Float?
    var amplitude: Float = 1

    var description: String { "\(batch)×\(heads) heads, \(queries) queries, \(keys) keys, width \(width)" }

    /// What the kernel made, and what it should have.
    struct Outcome {
        var values: [Float]
        var expected: [Double]
        var isIntact: Bool
        var largestError: Double {
            zip(values, expected).map { $0.isFinite ? abs(Double($0) - $1) : .infinity }.max() ?? 0
        }
    }

    struct Mask {
        var values: [Float]
        var steps: (Int64, Int64, Int64)
    }

    func run(
        _ type: CKType, output: CKType? = nil, mask: Mask? = nil, runner: CKRunner = Runners.serial,
        inverseScale: Float = 50, zero: Int32 = 100, values: ((_ key: Int) -> Float)? = nil
    ) -> Outcome {
        var noise = Noise(UInt64(keys * 331 + width))
        let q = Buffer((0..<batch * queries * heads * width).map { _ in noise.next(amplitude) }, type)
        let kv = Buffer((0..<batch * keys * 2 * heads * width).map { _ in noise.next(amplitude) }, type)
        if let values {
            for token in 0..<batch * keys {
                for i in 0..<heads * width { kv[(token * 2 + 1) * heads * width + i] = values(token % keys) }
            }
        }
        let hidden = mask.map { Buffer($0.values, CK_FLOAT32) }
        let out = Buffer(batch * queries * heads * width, output ?? type)
        let scale = self.scale ?? 1 / Float(width).squareRoot()
        let row = Int64(heads * width)
        let qSteps = (Int64(queries) * row, Int64(width), row)
        let kvSteps = (Int64(keys) * 2 * row, Int64(width), 2 * row)
        var job = CKAttention(
            batch: Int64(batch), heads: Int64(heads), queries: Int64(queries), keys: Int64(keys), width: Int64(width),
            scale: scale, type: type, q: q.start, k: kv.start, v: kv.pointer(heads * width), q_steps: qSteps,
            k_steps: kvSteps, v_steps: kvSteps, out_type: output ?? type, out: out.start, out_steps: qSteps,
            mask: hidden.map { UnsafePointer($0.floats) }, mask_steps: mask?.steps ?? (0, 0, 0),
            inverse_scale: inverseScale, zero: zero)
        let scratch = Buffer(Int(ck_attention_scratch(&job, runner.workers)), CK_UINT8)
        ck_attention(&job, scratch.start, runner)

        let expected = reference(q, kv, scale, mask)
        return withExtendedLifetime(hidden) {
            Outcome(
                values: out.values,
                expected: output == CK_UINT8
                    ? expected.map { quantised($0, Double(inverseScale), Double(zero)) } : expected,
                isIntact: out.isIntact && scratch.isIntact)
        }
    }

    /// In double precision, as the definition reads.
    private func reference(_ q: Buffer, _ kv: Buffer, _ scale: Float, _ mask: Mask?) -> [Double] {
        let queryNumbers = q.values.map(Double.init), tokenNumbers = kv.values.map(Double.init)
        var out = [Double](repeating: 0, count: queryNumbers.count)
        let row = heads * width
        for b in 0..<batch {
            for h in 0..<heads {
                for query in 0..<queries {
                    let at = (b * queries + query) * row + h * width
                    var scores = (0..<keys).map { key in
                        let other = (b * keys + key) * 2 * row + h * width
                        var sum = 0.0
                        for i in 0..<width { sum += queryNumbers[at + i] * tokenNumbers[other + i] }
                        return sum * Double(scale)
                    }
                    if let mask {
                        let start =
                            b * Int(mask.steps.0) + h * Int(mask.steps.1) + query * Int(mask.steps.2)
                        for key in 0..<keys { scores[key] += Double(mask.values[start + key]) }
                    }
                    let largest = scores.max() ?? 0
                    if largest == -.infinity { continue }
                    var total = 0.0
                    for key in 0..<keys {
                        let weight = exp(scores[key] - largest)
                        total += weight
                        let other = ((b * keys + key) * 2 + 1) * row + h * width
                        for i in 0..<width { out[at + i] += weight * tokenNumbers[other + i] }
                    }
                    for i in 0..<width { out[at + i] /= total }
                }
            }
        }
        return out
    }
}
