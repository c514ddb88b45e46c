import CKernels
import CTorch

/// Columns of a contiguous tensor [batch, tokens, columns]: where q, k or v lies in a packed product.
public struct TokenColumns {
    let tensor: Tensor
    let first: Int

    /// The columns from `first` on; how many follows from what reads them.
    public init(_ tensor: Tensor, from first: Int = 0) {
        self.tensor = tensor
        self.first = first
    }
}

extension Tensor {
    /// softmax(q · kᵀ / √d + mask) · v for each head, without stored scores, by our own CPU kernel.
    ///
    /// - Parameters:
    ///   - q: [batch, queries, width] within a contiguous tensor, float32 or bfloat16.
    ///   - k: [batch, keys, width], of the same type.
    ///   - v: [batch, keys, width], of the same type.
    ///   - width: numbers of a token, all heads together; head h has those from h · width / heads on.
    ///   - mask: float32, contiguous, added to the scores; [batch, heads, queries, keys] with 1 where it repeats.
    ///   - quantised: the quantisation of a uint8 result; nil gives the type of q.
    /// - Returns: [batch, queries, width], contiguous.
    public static func fusedAttention(
        _ q: TokenColumns, _ k: TokenColumns, _ v: TokenColumns, width: Int, heads: Int, mask: Tensor? = nil,
        quantised: Quantisation? = nil
    ) throws(TensorError) -> Tensor {
        let operands = [q.tensor, k.tensor, v.tensor]
        func refuse(_ code: TensorError.Code, _ message: String) -> TensorError {
            TensorError(code, "fusedAttention", operands: operands, message: message)
        }
        let shapes = operands.map(\.shape)
        guard shapes.allSatisfy({ $0.count == 3 && $0[0] == shapes[0][0] }), shapes[1][1] == shapes[2][1] else {
            throw refuse(.shape, "q, k and v must be [batch, tokens, columns], k and v with the same tokens")
        }
        guard heads > 0, width > 0, width % heads == 0, width / heads <= 256,
            zip([q, k, v], shapes).allSatisfy({ $0.first >= 0 && $0.first + width <= $1[2] })
        else { throw refuse(.shape, "\(heads) heads of \(width) columns do not lie within the tensors") }
        guard let type = CKType(q.tensor.dtype), type != CK_UINT8,
            operands.allSatisfy({ $0.dtype == q.tensor.dtype })
        else { throw refuse(.type, "q, k and v must be all float32 or all bfloat16") }
        let (batch, queries, keys) = (shapes[0][0], shapes[0][1], shapes[1][1])
        guard keys > 0 else { throw refuse(.shape, "there are no keys") }
        let sizes = mask?.shape ?? [1, 1, 1, keys]
        guard sizes.count == 4, sizes[3] == keys, mask?.dtype ?? .float32 == .float32,
            zip(sizes, [batch, heads, queries]).allSatisfy({ $0 == 1 || $0 == $1 })
        else { throw refuse(.shape, "the mask must be float32 and broadcast to [batch, heads, queries, keys]") }
        let out = try Tensor.empty([batch, queries, width], dtype: quantised == nil ? q.tensor.dtype : .uint8)
        let runner = CPUKernels.runner
        let head = width / heads
        func steps(_ shape: [Int]) -> (Int64, Int64, Int64) {
            (Int64(shape[1] * shape[2]), Int64(head), Int64(shape[2]))
        }
        func step(_ dimension: Int) -> Int64 {
            sizes[dimension] == 1 ? 0 : Int64(sizes[(dimension + 1)...].reduce(1, *))
        }
        var job = CKAttention(
            batch: Int64(batch), heads: Int64(heads), queries: Int64(queries), keys: Int64(keys), width: Int64(head),
            scale: 1 / Float(head).squareRoot(), type: type,
            q: try q.tensor.address() + q.first * q.tensor.dtype.byteWidth,
            k: try k.tensor.address() + k.first * q.tensor.dtype.byteWidth,
            v: try v.tensor.address() + v.first * q.tensor.dtype.byteWidth,
            q_steps: steps(shapes[0]), k_steps: steps(shapes[1]), v_steps: steps(shapes[2]),
            out_type: quantised == nil ? type : CK_UINT8, out: try out.mutableAddress(), out_steps: steps(out.shape),
            mask: try mask?.address().assumingMemoryBound(to: Float.self), mask_steps: (step(0), step(1), step(2)),
            inverse_scale: Float(1 / (quantised?.scale ?? 1)), zero: Int32(quantised?.zero ?? 0))
        let scratch = try Tensor.empty([Swift.max(ck_attention_scratch(&job, runner.workers), 1)], dtype: .uint8)
        let memory = try scratch.mutableAddress()
        withExtendedLifetime((operands, mask, out, scratch)) { ck_attention(&job, memory, runner) }
        return out
    }

    /// The first element's address, for kernels; the tensor must be contiguous in that format, on the CPU, and kept alive.
    func address(_ format: MemoryFormat = .contiguous) throws(TensorError) -> UnsafeRawPointer {
        var address: UnsafeRawPointer?
        try check("address", [self]) { ct_tensor_data(handle, format.code, &address) }
        guard let address else {
            throw TensorError(.argument, "address", operands: [self], message: "the tensor has no elements")
        }
        return address
    }

    /// As `address`, for writing.
    func mutableAddress(_ format: MemoryFormat = .contiguous) throws(TensorError) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(mutating: try address(format))
    }
}
