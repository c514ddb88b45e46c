import CKernels
import Testing

/// One convolution of random images.
struct ConvolutionCase: CustomStringConvertible {
    var batch = 1, height = 1, width = 1, inputs = 1, outputs = 1
    var window = (height: 1, width: 1)
    var stride = 1, padding = 0
    var adds = false, rectifies = false

    var description: String {
        "\(batch)×[\(height), \(width), \(inputs)] → \(outputs), window \(window), stride \(stride), padding \(padding)"
    }

    var outHeight: Int { (height + 2 * padding - window.height) / stride + 1 }
    var outWidth: Int { (width + 2 * padding - window.width) / stride + 1 }

    /// What the kernel made, and what it should have.
    struct Outcome {
        var values: [Float]
        var expected: [Double]
        var isIntact: Bool
        /// Relative where the numbers are large.
        var largestError: Double {
            zip(values, expected).map { $0.isFinite ? abs(Double($0) - $1) / max(1, abs($1)) : .infinity }.max() ?? 0
        }
    }

    func run(_ type: CKType, runner: CKRunner = Runners.serial, poison: Int? = nil) -> Outcome {
        var noise = Noise(UInt64(inputs * 977 + outputs))
        let x = Buffer((0..<batch * height * width * inputs).map { _ in noise.next() }, type)
        if let poison { x[poison] = .nan }
        let taps = window.height * window.width
        let scale = 1 / Float(inputs * taps).squareRoot()
        let weight = Buffer((0..<outputs * inputs * taps).map { _ in noise.next(scale) }, type)
        let bias = Buffer((0..<outputs).map { _ in noise.next() }, CK_FLOAT32)
        let out = Buffer((0..<batch * outHeight * outWidth * outputs).map { _ in noise.next() }, type)
        let before = out.values
        var job = job(type)
        let packed = Buffer(ck_convolution_weight(&job), CK_FLOAT32)
        ck_pack_convolution(&job, weight.start, bias.floats, packed.floats)
        let scratch = Buffer(ck_convolution_scratch(&job), CK_UINT8)
        job.x = UnsafeRawPointer(x.start)
        job.weight = UnsafePointer(packed.floats)
        job.out = out.start
        ck_convolution(&job, scratch.start, runner)
        return withExtendedLifetime((x, packed, scratch)) {
            Outcome(
                values: out.values, expected: reference(x, weight, bias, before),
                isIntact: out.isIntact && packed.isIntact && scratch.isIntact)
        }
    }

    func job(_ type: CKType) -> CKConvolution {
        var job = CKConvolution()
        (job.batch, job.height, job.width, job.inputs) = (Int64(batch), Int64(height), Int64(width), Int64(inputs))
        (job.outputs, job.kernel_height, job.kernel_width) = (Int64(outputs), Int64(window.height), Int64(window.width))
        (job.stride, job.padding, job.type) = (Int64(stride), Int64(padding), type)
        (job.adds, job.rectifies) = (adds, rectifies)
        return job
    }

    /// In double precision, as the definition reads.
    private func reference(_ x: Buffer, _ weight: Buffer, _ bias: Buffer, _ before: [Float]) -> [Double] {
        let (images, factors) = (x.values.map(Double.init), weight.values.map(Double.init))
        var out = before.map(Double.init)
        for image in 0..<batch {
            for row in 0..<outHeight {
                for column in 0..<outWidth {
                    for output in 0..<outputs {
                        var sum = Double(bias[output])
                        for y in 0..<window.height {
                            for x in 0..<window.width {
                                let (iy, ix) = (row * stride + y - padding, column * stride + x - padding)
                                guard (0..<height).contains(iy), (0..<width).contains(ix) else { continue }
                                let pixel = ((image * height + iy) * width + ix) * inputs
                                for input in 0..<inputs {
                                    let place = ((output * inputs + input) * window.height + y) * window.width + x
                                    sum += images[pixel + input] * factors[place]
                                }
                            }
                        }
                        let at = ((image * outHeight + row) * outWidth + column) * outputs + output
                        if adds { sum += out[at] }
                        out[at] = rectifies ? max(sum, 0) : sum
                    }
                }
            }
        }
        return out
    }
}

extension KernelTests {
    /// Convolutions against their definition in double precision, at every level that has a kernel.
    @Suite struct ConvolutionTests {
        /// Channels around units, vectors and panels, pixels around tiles and blocks, and windows that leave the image.
        static let cases = [
            ConvolutionCase(),
            ConvolutionCase(height: 5, width: 4, inputs: 2, outputs: 15),
            ConvolutionCase(height: 9, width: 7, inputs: 16, outputs: 17, adds: true),
            ConvolutionCase(batch: 2, height: 7, width: 7, inputs: 18, outputs: 64, window: (3, 3), padding: 1),
            ConvolutionCase(
                batch: 3, height: 11, width: 8, inputs: 32, outputs: 65, window: (3, 3), stride: 2, padding: 1,
                adds: true, rectifies: true),
            ConvolutionCase(height: 29, width: 31, inputs: 3, outputs: 40, window: (7, 7), stride: 2, padding: 3),
            ConvolutionCase(batch: 2, height: 6, width: 10, inputs: 5, outputs: 33, window: (3, 3), padding: 1),
            ConvolutionCase(
                height: 13, width: 5, inputs: 17, outputs: 130, window: (1, 3), padding: 2, rectifies: true),
            ConvolutionCase(height: 4, width: 3, inputs: 20, outputs: 9, window: (5, 5), padding: 4),
            ConvolutionCase(height: 17, width: 18, inputs: 16, outputs: 3, window: (16, 16)),
            ConvolutionCase(height: 12, width: 12, inputs: 40, outputs: 80, stride: 3, rectifies: true),
            ConvolutionCase(batch: 2, height: 14, width: 14, inputs: 128, outputs: 192, window: (3, 3), padding: 1),
        ]

        static func has(_ type: CKType, _ window: ConvolutionCase = ConvolutionCase()) -> Bool {
            var job = window.job(type)
            return ck_convolution_runs(&job)
        }

        @Test(arguments: levels, types) func meetsTheDefinition(level: CKInstructions, type: CKType) {
            #expect(ck_select(level))
            defer { _ = ck_select(ck_supported()) }
            let expected = level == CK_AVX512_BF16 || (level == CK_AVX512 && type == CK_FLOAT32)
            #expect(Self.has(type) == expected)
            guard expected else { return }
            for (i, convolution) in Self.cases.enumerated() {
                let outcome = convolution.run(type, runner: i % 2 == 0 ? Runners.parallel : Runners.serial)
                // A bf16 is good to half a unit in 256.
                #expect(outcome.largestError <= (type == CK_FLOAT32 ? 5e-6 : 4e-3), "\(convolution)")
                #expect(outcome.isIntact, "\(convolution)")
            }
        }

        /// Each number is summed up in one order, whoever computes it.
        @Test(arguments: types) func givesTheSameBitsForAnyNumberOfWorkers(type: CKType) {
            guard Self.has(type) else { return }
            let convolution = ConvolutionCase(
                batch: 2, height: 28, width: 28, inputs: 64, outputs: 256, window: (3, 3), padding: 1, rectifies: true)
            #expect(convolution.run(type).values == convolution.run(type, runner: Runners.parallel).values)
        }

        @Test(arguments: types) func aNaNStaysOneThroughTheReLU(type: CKType) {
            guard Self.has(type) else { return }
            let convolution = ConvolutionCase(height: 8, width: 8, inputs: 16, outputs: 16, rectifies: true)
            let values = convolution.run(type, poison: 3 * 16).values
            let poisoned = values[3 * 16..<4 * 16], others = values[..<(3 * 16)] + values[(4 * 16)...]
            #expect(poisoned.allSatisfy { $0.isNaN })
            #expect(others.allSatisfy { $0.isFinite })
        }

        @Test func leavesHugeWindowsToOthers() {
            #expect(!Self.has(CK_FLOAT32, ConvolutionCase(window: (17, 16))))
            #expect(!Self.has(CK_FLOAT32, ConvolutionCase(window: (1 << 40, 1 << 40))))
            #expect(!Self.has(CK_UINT8))
        }
    }
}
