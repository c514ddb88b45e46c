import CKernels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension KernelTests {
    /// Layer normalisation, soft-max, quantisation and the gated unit against their definitions in double precision.
    @Suite struct RowTests {
        static let widths = [1, 5, 16, 63, 192, 200, 1024]

        @Test(arguments: levels, [CK_FLOAT32, CK_BFLOAT16, CK_UINT8])
        func normalisesLayers(level: CKInstructions, output: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            for (i, width) in Self.widths.enumerated() {
                for branchType in KernelTests.types {
                    checkLayerNorm(width, rows: 3 + 40 * (i % 2), output: output, branchType: branchType)
                }
            }
        }

        private func checkLayerNorm(_ width: Int, rows: Int, output: CKType, branchType: CKType) {
            var noise = Noise(UInt64(width))
            // Far from 0, where a difference of squares would lose the variance.
            let x = Buffer((0..<rows * width).map { _ in 100 + noise.next(3) }, CK_FLOAT32)
            let branch = Buffer((0..<rows * width).map { _ in noise.next() }, branchType)
            let weight = Buffer((0..<width).map { _ in noise.next() }, CK_FLOAT32)
            let bias = Buffer((0..<width).map { _ in noise.next() }, CK_FLOAT32)
            let out = Buffer(rows * width, output)
            let sums = zip(x.values, branch.values).map { $0 + $1 }
            var job = CKLayerNorm(
                rows: Int64(rows), width: Int64(width), epsilon: 1e-6, x: x.floats, branch: branch.start,
                branch_type: branchType, weight: weight.floats, bias: bias.floats, out: out.start, out_type: output,
                inverse_scale: 60, zero: 120)
            ck_layer_norm(&job, Runners.parallel)
            #expect(x.values == sums && x.isIntact && out.isIntact)

            var largest = 0.0
            for row in 0..<rows {
                let numbers = sums[row * width..<(row + 1) * width].map(Double.init)
                let mean = numbers.reduce(0, +) / Double(width)
                let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
                for i in 0..<width {
                    let y = (numbers[i] - mean) / (variance + 1e-6).squareRoot() * Double(weight[i]) + Double(bias[i])
                    let expected = output == CK_UINT8 ? quantised(y, 60, 120) : y
                    largest = max(largest, abs(Double(out[row * width + i]) - expected))
                }
            }
            let tolerance = output == CK_FLOAT32 ? 1e-4 : output == CK_BFLOAT16 ? 1.6e-2 : 1
            #expect(largest <= tolerance, "width \(width)")
        }

        @Test(arguments: levels) func leavesOutWhatIsNull(level: CKInstructions) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            let start: [Float] = [1, 2, 3, 4, 6, 8]
            let x = Buffer(start, CK_FLOAT32), branch = Buffer([1, 1, 1, 2, 2, 2], CK_FLOAT32)
            let out = Buffer(6, CK_FLOAT32)
            var job = CKLayerNorm(
                rows: 2, width: 3, epsilon: 0, x: x.floats, branch: nil, branch_type: CK_FLOAT32, weight: nil,
                bias: nil, out: out.start, out_type: CK_FLOAT32, inverse_scale: 0, zero: 0)
            ck_layer_norm(&job, Runners.serial)
            #expect(x.values == start)
            let unit = Float(1.5).squareRoot()
            #expect(zip(out.values, [-unit, 0, unit, -unit, 0, unit]).allSatisfy { abs($0 - $1) < 1e-6 })
            job.branch = UnsafeRawPointer(branch.start)
            job.out = nil
            ck_layer_norm(&job, Runners.serial)
            #expect(x.values == [2, 3, 4, 6, 8, 10])
            withExtendedLifetime(branch) {}
        }

        @Test(arguments: levels) func softens(level: CKInstructions) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            for (i, width) in Self.widths.enumerated() {
                var noise = Noise(UInt64(width + 7))
                let values = (0..<40 * width).map { _ in noise.next(i % 2 == 0 ? 5 : 80) }
                let x = Buffer(values, CK_FLOAT32), apart = Buffer(values.count, CK_FLOAT32)
                ck_softmax(x.floats, apart.floats, 40, Int64(width), Runners.parallel)
                ck_softmax(x.floats, x.floats, 40, Int64(width), Runners.serial)
                #expect(x.values == apart.values && x.isIntact && apart.isIntact)
                var largest = 0.0
                for row in 0..<40 {
                    let numbers = values[row * width..<(row + 1) * width].map(Double.init)
                    let peak = numbers.max() ?? 0
                    let total = numbers.reduce(0) { $0 + exp($1 - peak) }
                    for i in 0..<width {
                        largest = max(largest, abs(Double(x[row * width + i]) - exp(numbers[i] - peak) / total))
                    }
                }
                #expect(largest < 1e-6, "width \(width)")
            }
        }

        @Test(arguments: levels, types) func quantises(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            // Halves go to even; what lies beyond a byte, to its ends.
            let given: [Float] = [0, 0.25, 0.75, 1.25, -0.25, -0.75, 1e30, -1e30, .infinity, -.infinity, 63.5]
            let wanted: [Float] = [10, 10, 12, 12, 10, 8, 255, 0, 255, 0, 137]
            for count in [1, 11, 300] {
                let x = Buffer((0..<count).map { given[$0 % given.count] }, type), out = Buffer(count, CK_UINT8)
                let bytes = out.start.assumingMemoryBound(to: UInt8.self)
                ck_quantise(x.start, type, bytes, Int64(count), 2, 10, Runners.parallel)
                #expect(out.values == (0..<count).map { wanted[$0 % wanted.count] } && out.isIntact)
            }
        }

        @Test(arguments: levels, types) func gates(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            for width in Self.widths {
                var noise = Noise(UInt64(width + 3))
                var values = (0..<60 * width).map { _ in noise.next(8) }
                // Where the exponential overflows, the product is 0, not NaN.
                values[0] = -3e38
                let x = Buffer(values, type), out = Buffer(30 * width, type)
                ck_gated_silu(x.start, type, out.start, 30, Int64(width), Runners.parallel)
                #expect(out.isIntact)
                for row in 0..<30 {
                    let worst = (0..<width).map { i in
                        let a = Double(x[2 * row * width + i]), b = Double(x[(2 * row + 1) * width + i])
                        let expected = a / (1 + exp(-a)) * b, got = Double(out[row * width + i])
                        return got.isFinite ? abs(got - expected) / max(1e-3, abs(expected)) : .infinity
                    }.max()
                    #expect((worst ?? 0) <= (type == CK_FLOAT32 ? 2e-6 : 4e-3), "width \(width)")
                }
            }
        }

        @Test func knowsItsLevels() {
            for level in KernelTests.levels {
                #expect(ck_select(level))
                defer { _ = ck_select(ck_supported()) }
                #expect(ck_selected() == level)
            }
            #expect(!ck_select(CKInstructions(ck_supported().rawValue + 1)))
            #expect(ck_selected() == ck_supported())
        }
    }
}
