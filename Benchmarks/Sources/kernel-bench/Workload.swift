import CutisTensor

/// A kernel on one shape: what it does, and a way to do it once.
struct Workload {
    enum Operation: String, Codable {
        case attention, linear
        case layerNorm = "layer-norm"
    }

    let operation: Operation
    let shape: String
    let precision: Precision
    /// Operations of one run; a multiply and the addition of its product are two.
    let operations: Double
    /// Bytes that one run must at least read and write.
    let bytes: Double
    let run: () throws -> Void
}

extension Workload {
    /// Soft-max attention of one image on columns of a packed product [1, tokens, 3 · width], as a transformer block
    /// has it. The soft-max itself is not counted as operations.
    static func attention(heads: Int, tokens: Int, headWidth: Int, _ precision: Precision) throws -> Workload {
        let width = heads * headWidth
        let packed = try Tensor.randn([1, tokens, 3 * width]).to(precision.dtype)
        return Workload(
            operation: .attention, shape: "\(heads)x\(tokens)x\(headWidth)", precision: precision,
            operations: 4 * Double(width) * Double(tokens) * Double(tokens),
            bytes: Double(4 * tokens * width * precision.dtype.byteWidth)
        ) {
            _ = try Tensor.fusedAttention(
                TokenColumns(packed), TokenColumns(packed, from: width), TokenColumns(packed, from: 2 * width),
                width: width, heads: heads)
        }
    }

    /// Residual addition and layer normalisation of [rows, width], eight operations per number; the residual stream is
    /// float32, the branch and the result have the precision (int8: a bf16 branch and a uint8 result).
    static func layerNorm(rows: Int, width: Int, _ precision: Precision) throws -> Workload {
        let branchType: DType = precision == .fp32 ? .float32 : .bfloat16
        let result: FusedType =
            switch precision {
            case .fp32: .float32
            case .bf16: .bfloat16
            case .int8: .uint8(Quantisation(range: -4...4))
            }
        let outputWidth = precision == .int8 ? 1 : precision.dtype.byteWidth
        let stream = try Tensor.randn([rows, width])
        let branch = try Tensor.full([rows, width], 1e-3).to(branchType)
        let (weight, bias) = (try Tensor.ones([width]), try Tensor.zeros([width]))
        return Workload(
            operation: .layerNorm, shape: "\(rows)x\(width)", precision: precision,
            operations: 8 * Double(rows * width), bytes: Double(rows * width * (8 + branchType.byteWidth + outputWidth))
        ) {
            _ = try stream.addingLayerNorm(branch, weight: weight, bias: bias, eps: 1e-6, to: result)
        }
    }

    /// A packed linear layer with bias, [rows, inputs] → [rows, outputs]; int8 takes uint8 and gives bf16.
    static func linear(
        rows: Int, inputs: Int, outputs: Int, activation: FusedActivation = .none, _ precision: Precision
    ) throws -> Workload {
        let bias = try Tensor.zeros([outputs])
        let body: () throws -> Void
        let width: (input: Int, output: Int)
        if precision == .int8 {
            let weight = try Tensor.randint(-127..<128, shape: [outputs, inputs], dtype: .int8)
            let layer = try QuantisedLinear(
                weight: weight, scales: try Tensor.full([outputs], 0.01), bias: bias, rows: rows)
            let x = try Tensor.randint(0..<256, shape: [rows, inputs], dtype: .uint8)
            let quantisation = Quantisation(range: -4...4)
            body = { _ = try layer(x, quantised: quantisation, activation: activation, to: .bfloat16) }
            width = (1, 2)
        } else {
            let type = precision.dtype
            let layer = try PackedLinear(
                weight: try Tensor.randn([outputs, inputs]).to(type), bias: try bias.to(type), rows: rows)
            let x = try Tensor.randn([rows, inputs]).to(type)
            body = { _ = try layer(x, activation: activation) }
            width = (type.byteWidth, type.byteWidth)
        }
        let bytes = width.input * (rows * inputs + outputs * inputs) + width.output * rows * outputs
        return Workload(
            operation: .linear, shape: "\(rows)x\(inputs)→\(outputs)" + (activation == .gelu ? " gelu" : ""),
            precision: precision, operations: 2 * Double(rows) * Double(inputs) * Double(outputs),
            bytes: Double(bytes), run: body)
    }

    /// The kernels of ViT-L/14 at 448 and 224, ViT-L/32 at 384 and ViT-B/16 at 224, for one image; and, in a line for
    /// each operation, why others cannot run here.
    static func all(_ precision: Precision) -> (workloads: [Workload], refusals: [String]) {
        var found: [Workload] = []
        var reasons: [Operation: [String]] = [:]
        func add(_ operation: Operation, _ make: () throws -> Workload) {
            do {
                let workload = try make()
                try workload.run()
                found.append(workload)
            } catch {
                reasons[operation, default: []].append("\(error)".split(separator: "\n").joined(separator: " "))
            }
        }
        if precision != .int8 {
            for (heads, tokens) in [(16, 1025), (16, 257), (16, 145), (12, 197)] {
                add(.attention) { try attention(heads: heads, tokens: tokens, headWidth: 64, precision) }
            }
        }
        for (rows, width) in [(1025, 1024), (197, 768)] {
            add(.layerNorm) { try layerNorm(rows: rows, width: width, precision) }
            add(.linear) { try linear(rows: rows, inputs: width, outputs: 3 * width, precision) }
            add(.linear) { try linear(rows: rows, inputs: width, outputs: width, precision) }
            add(.linear) { try linear(rows: rows, inputs: width, outputs: 4 * width, activation: .gelu, precision) }
            add(.linear) { try linear(rows: rows, inputs: 4 * width, outputs: width, precision) }
        }
        let refusals = reasons.map { operation, texts in
            "\(operation.rawValue) \(precision.rawValue): \(texts.count) not run, the first because: \(texts[0])"
        }
        return (found, refusals.sorted())
    }
}
