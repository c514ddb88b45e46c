import CKernels
import Testing

extension KernelTests {
    /// Soft-max attention against its definition in double precision.
    @Suite struct AttentionTests {
        /// Widths and token counts around the sizes of vectors, tiles and blocks, and those of vision transformers.
        static let cases = [
            AttentionCase(heads: 2, queries: 1, keys: 1, width: 1),
            AttentionCase(batch: 2, queries: 5, keys: 2, width: 7),
            AttentionCase(heads: 3, queries: 7, keys: 16, width: 16),
            AttentionCase(batch: 2, heads: 2, queries: 8, keys: 17, width: 33),
            AttentionCase(queries: 49, keys: 63, width: 64),
            AttentionCase(queries: 61, keys: 81, width: 72),
            AttentionCase(heads: 2, queries: 53, keys: 145, width: 80),
            AttentionCase(queries: 197, keys: 197, width: 64),
            AttentionCase(queries: 12, keys: 257, width: 128),
            AttentionCase(queries: 11, keys: 65, width: 255),
            AttentionCase(queries: 3, keys: 129, width: 256),
            AttentionCase(queries: 10, keys: 577, width: 64),
            AttentionCase(queries: 6, keys: 1100, width: 24),
        ]

        /// bf16 outputs are good to half a unit in 256, and bf16 probabilities add as much.
        static func tolerance(_ type: CKType) -> Double { type == CK_FLOAT32 ? 2e-6 : 6e-3 }

        @Test(arguments: levels, types) func meetsTheDefinition(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            for (i, attention) in Self.cases.enumerated() {
                let outcome = attention.run(type, runner: i % 2 == 0 ? Runners.serial : Runners.parallel)
                #expect(outcome.largestError <= Self.tolerance(type), "\(attention)")
                #expect(outcome.isIntact, "\(attention)")
            }
        }

        @Test(arguments: levels, types) func sharesOneHeadAmongWorkers(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            let attention = AttentionCase(queries: 400, keys: 30, width: 16)
            let alone = attention.run(type), shared = attention.run(type, runner: Runners.parallel)
            #expect(alone.largestError <= Self.tolerance(type))
            #expect(shared.largestError <= Self.tolerance(type))
            #expect(shared.isIntact)
        }

        @Test(arguments: levels, types) func takesAnyScale(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            for scale: Float in [-0.3, 0, 1e-3, 2] {
                let attention = AttentionCase(heads: 2, queries: 9, keys: 40, width: 20, scale: scale)
                #expect(attention.run(type).largestError <= Self.tolerance(type), "scale \(scale)")
            }
        }

        @Test(arguments: levels, types) func hidesKeys(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            var noise = Noise(5)
            for keys in [5, 33, 600] {
                let attention = AttentionCase(batch: 2, heads: 2, queries: 7, keys: keys, width: 18)
                var values = (0..<2 * 2 * 7 * keys).map { _ in noise.next() < -0.4 ? -Float.infinity : noise.next(2) }
                // Of the first two queries one sees nothing and the other only the last key, beyond a whole block.
                for key in 0..<keys { values[key] = -.infinity }
                for key in keys..<2 * keys - 1 { values[key] = -.infinity }
                values[2 * keys - 1] = -3
                let rows = Int64(keys)
                let full = attention.run(type, mask: .init(values: values, steps: (14 * rows, 7 * rows, rows)))
                #expect(full.largestError <= Self.tolerance(type), "\(keys) keys")
                #expect(full.values[0..<18].allSatisfy { $0 == 0 }, "\(keys) keys")
                let repeated = attention.run(type, mask: .init(values: values, steps: (0, 0, 0)))
                #expect(repeated.values.allSatisfy { $0 == 0 }, "\(keys) keys")
                let ofHeads = attention.run(type, mask: .init(values: values, steps: (7 * rows, 0, rows)))
                #expect(ofHeads.largestError <= Self.tolerance(type), "\(keys) keys")
            }
        }

        @Test(arguments: levels, types) func survivesHugeScores(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            // Scores up to about 1e13: only the largest counts, and no power may overflow on the way to it.
            let attention = AttentionCase(queries: 30, keys: 1100, width: 16, scale: 1, amplitude: 3e6)
            let outcome = attention.run(type, values: { Float($0 % 64) })
            #expect(outcome.largestError <= 1e-5)
        }

        @Test(arguments: levels, types) func quantises(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            for width in [8, 21, 64] {
                let attention = AttentionCase(heads: 2, queries: 20, keys: 3, width: width)
                // Ends where values lie beyond the bytes at both sides.
                let outcome = attention.run(type, output: CK_UINT8, inverseScale: 400, zero: 100)
                #expect(outcome.largestError <= (type == CK_FLOAT32 ? 1 : 3), "width \(width)")
                #expect(outcome.isIntact)
                #expect(outcome.values.contains(0) && outcome.values.contains(255))
            }
        }
    }
}
