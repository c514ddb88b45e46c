import CKernels
import CTorch

/// The type of what a fused kernel gives.
public enum FusedType: Sendable, Hashable {
    case float32, bfloat16
    case uint8(Quantisation)

    var dtype: DType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .uint8: .uint8
        }
    }

    var quantisation: Quantisation {
        if case .uint8(let quantisation) = self { return quantisation }
        return Quantisation(scale: 1, zero: 0)
    }
}

extension Tensor {
    /// Adds a branch to this residual stream in place and normalises the sum, in one pass over the memory.
    ///
    /// - Parameters:
    ///   - branch: added to self first; float32 or bfloat16 of the same shape, or nil.
    ///   - weight: float32 [width].
    ///   - bias: float32 [width].
    ///   - result: the type of the result; uint8 is quantised.
    /// - Returns: the layer normalisation over the last dimension; self must be float32 and contiguous.
    public func addingLayerNorm(
        _ branch: Tensor?, weight: Tensor, bias: Tensor, eps: Double, to result: FusedType
    ) throws(TensorError) -> Tensor {
        let width = shape.last ?? 0
        guard weight.count == width, bias.count == width, weight.dtype == .float32, bias.dtype == .float32 else {
            throw TensorError(
                .shape, "addingLayerNorm", operands: [self, weight, bias],
                message: "weight and bias must be float32 of the width of the input")
        }
        let out = try Tensor.empty(shape, dtype: result.dtype)
        var job = try layerNormJob(branch)
        job.epsilon = Float(eps)
        job.weight = UnsafePointer(try weight.address().assumingMemoryBound(to: Float.self))
        job.bias = UnsafePointer(try bias.address().assumingMemoryBound(to: Float.self))
        job.out = try out.mutableAddress()
        job.out_type = CKType(result.dtype) ?? CK_FLOAT32
        job.inverse_scale = Float(1 / result.quantisation.scale)
        job.zero = Int32(result.quantisation.zero)
        withExtendedLifetime((self, branch, weight, bias, out)) { ck_layer_norm(&job, CPUKernels.runner) }
        return out
    }

    /// Adds a branch (float32 or bfloat16) of the same shape to this float32 tensor in place.
    public func addBranch(_ branch: Tensor) throws(TensorError) {
        var job = try layerNormJob(branch)
        withExtendedLifetime((self, branch)) { ck_layer_norm(&job, CPUKernels.runner) }
    }

    /// Quantises float32 or bfloat16 numbers to uint8, halves to even.
    ///
    /// - Returns: the same shape; channels-last where self is.
    public func quantised(_ quantisation: Quantisation) throws(TensorError) -> Tensor {
        guard let type = CKType(dtype), type != CK_UINT8 else {
            throw TensorError(
                .type, "quantised", operands: [self], message: "only float32 and bfloat16 can be quantised")
        }
        if rank == 4, !ct_tensor_is_contiguous(handle, CT_CONTIGUOUS) {
            // In memory order these are rows of channels; the kernel does not care what a number belongs to.
            return try permute([0, 2, 3, 1]).quantised(quantisation).permute([0, 3, 1, 2])
        }
        let out = try Tensor.empty(shape, dtype: .uint8)
        guard count > 0 else { return out }
        let (source, target) = (try address(), try out.mutableAddress())
        withExtendedLifetime((self, out)) {
            ck_quantise(
                source, type, target.assumingMemoryBound(to: UInt8.self), Int64(count),
                Float(1 / quantisation.scale), Int32(quantisation.zero), CPUKernels.runner)
        }
        return out
    }

    /// silu(a) · b for [..., a | b], each half as wide as the result; float32 or bfloat16 (Shazeer 2020).
    public func gatedSiLU() throws(TensorError) -> Tensor {
        let columns = shape.last ?? 0
        guard let type = CKType(dtype), type != CK_UINT8, columns % 2 == 0, columns > 0 else {
            throw TensorError(
                .shape, "gatedSiLU", operands: [self],
                message: "the last dimension must have two halves of float32 or bfloat16")
        }
        let out = try Tensor.empty(shape.dropLast() + [columns / 2], dtype: dtype)
        guard out.count > 0 else { return out }
        let (source, target) = (try address(), try out.mutableAddress())
        withExtendedLifetime((self, out)) {
            ck_gated_silu(
                source, type, target, Int64(count / columns), Int64(columns / 2), CPUKernels.runner)
        }
        return out
    }

    /// A soft-max over the last dimension of a float32 tensor, by our own kernel.
    public func fusedSoftmax() throws(TensorError) -> Tensor {
        guard dtype == .float32, let width = shape.last, width > 0 else {
            throw TensorError(.type, "fusedSoftmax", operands: [self], message: "only float32 rows are taken")
        }
        let out = try Tensor.empty(shape)
        guard count > 0 else { return out }
        let (source, target) = (try address(), try out.mutableAddress())
        withExtendedLifetime((self, out)) {
            ck_softmax(
                source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self),
                Int64(count / width), Int64(width), CPUKernels.runner)
        }
        return out
    }

    /// A job on this stream that adds `branch` and normalises nothing.
    private func layerNormJob(_ branch: Tensor?) throws(TensorError) -> CKLayerNorm {
        let width = shape.last ?? 0
        guard dtype == .float32, width > 0, branch.map({ $0.shape == shape }) ?? true else {
            throw TensorError(
                .shape, "addingLayerNorm", operands: [self] + (branch.map { [$0] } ?? []),
                message: "the stream must be float32, and the branch of the same shape")
        }
        guard let type = branch.map({ CKType($0.dtype) }) ?? CK_FLOAT32, type != CK_UINT8 else {
            throw TensorError(
                .type, "addingLayerNorm", operands: [self], message: "the branch must be float32 or bfloat16")
        }
        return CKLayerNorm(
            rows: Int64(count / width), width: Int64(width), epsilon: 0,
            x: try mutableAddress().assumingMemoryBound(to: Float.self), branch: try branch?.address(),
            branch_type: type, weight: nil, bias: nil, out: nil, out_type: CK_FLOAT32, inverse_scale: 1, zero: 0)
    }
}
