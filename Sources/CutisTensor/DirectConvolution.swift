import CKernels
import CTorch

/// A convolution by our own CPU kernel, with its weights packed for it.
struct DirectConvolution {
    private let weight: Tensor
    /// The job but for the images.
    private let window: CKConvolution

    /// Packs weight [out, in, height, width] and bias [out]; nil where this CPU has no kernel of ours for them, or oneDNN
    /// a faster one.
    init?(weight: Tensor, bias: Tensor?, stride: Int, padding: Int) throws(TensorError) {
        let sizes = weight.shape
        guard sizes.count == 4, stride > 0, padding >= 0, bias.map({ $0.shape == [sizes[0]] }) ?? true,
            sizes.allSatisfy({ $0 > 0 }), weight.device == .cpu
        else {
            throw TensorError(
                .shape, "DirectConvolution", operands: [weight] + (bias.map { [$0] } ?? []),
                message: "the weight must be [out, in, height, width] and the bias [out], on the CPU")
        }
        guard let type = CKType(weight.dtype) else { return nil }
        var window = CKConvolution()
        window.inputs = Int64(sizes[1])
        window.outputs = Int64(sizes[0])
        window.kernel_height = Int64(sizes[2])
        window.kernel_width = Int64(sizes[3])
        window.stride = Int64(stride)
        window.padding = Int64(padding)
        window.type = type
        _ = CPUKernels.available
        guard ck_convolution_runs(&window), !(type == CK_BFLOAT16 && ck_has_bf16_tiles()) else { return nil }
        let packed = try Tensor.empty([ck_convolution_weight(&window)])
        let (plain, biases) = (try weight.contiguous(), try bias?.to(.float32).contiguous())
        let (source, target) = (try plain.address(), try packed.mutableAddress())
        let bias = try biases?.address().assumingMemoryBound(to: Float.self)
        withExtendedLifetime((plain, biases, packed)) {
            ck_pack_convolution(&window, source, bias, target.assumingMemoryBound(to: Float.self))
        }
        window.weight = UnsafePointer(target.assumingMemoryBound(to: Float.self))
        self.weight = packed
        self.window = window
    }

    /// activation(convolution of x): [batch, in, height, width] → [batch, out, height', width'], channels-last.
    func callAsFunction(_ x: Tensor, activation: FusedActivation) throws(TensorError) -> Tensor {
        var job = try job(x, activation)
        let out = try Tensor.empty(resultShape(job), dtype: x.dtype, format: .channelsLast)
        try run(&job, x, out)
        return out
    }

    /// activation(sum + convolution of x), written over `sum`, which must be channels-last.
    func add(_ x: Tensor, to sum: Tensor, activation: FusedActivation) throws(TensorError) {
        var job = try job(x, activation)
        let shape = resultShape(job)
        guard sum.shape == shape, sum.dtype == x.dtype else {
            throw TensorError(
                .shape, "DirectConvolution", operands: [x, sum],
                message: "the sum must be \(shape) of the input's type")
        }
        job.adds = true
        try run(&job, x, sum)
    }

    private func job(_ x: Tensor, _ activation: FusedActivation) throws(TensorError) -> CKConvolution {
        let sizes = x.shape
        guard sizes.count == 4, sizes[1] == Int(window.inputs), CKType(x.dtype) == window.type,
            sizes[2] + 2 * Int(window.padding) >= Int(window.kernel_height),
            sizes[3] + 2 * Int(window.padding) >= Int(window.kernel_width)
        else {
            throw TensorError(
                .shape, "DirectConvolution", operands: [x],
                message: "the input must be [batch, \(window.inputs), height, width], of the weight's type, and no "
                    + "smaller than the window")
        }
        guard activation == .none || activation == .relu else {
            throw TensorError(
                .argument, "DirectConvolution", operands: [x],
                message: "a convolution is followed by nothing or by ReLU")
        }
        var job = window
        (job.batch, job.height, job.width) = (Int64(sizes[0]), Int64(sizes[2]), Int64(sizes[3]))
        job.rectifies = activation == .relu
        return job
    }

    private func resultShape(_ job: CKConvolution) -> [Int] {
        func extent(_ size: Int64, _ kernel: Int64) -> Int { Int((size + 2 * job.padding - kernel) / job.stride + 1) }
        return [
            Int(job.batch), Int(job.outputs), extent(job.height, job.kernel_height),
            extent(job.width, job.kernel_width),
        ]
    }

    /// Runs a job from x to `out`, which must be channels-last.
    private func run(_ job: inout CKConvolution, _ x: Tensor, _ out: Tensor) throws(TensorError) {
        guard out.count > 0 else { return }
        let images = try x.contiguous(.channelsLast)
        let bytes = ck_convolution_scratch(&job)
        let scratch = bytes > 0 ? try Tensor.empty([bytes], dtype: .uint8) : nil
        let memory = try scratch?.mutableAddress()
        job.x = try images.address(.channelsLast)
        job.out = try out.mutableAddress(.channelsLast)
        withExtendedLifetime((images, weight, out, scratch)) { ck_convolution(&job, memory, CPUKernels.runner) }
    }
}
