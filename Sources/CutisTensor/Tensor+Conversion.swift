import CTorch

/// The order of an image tensor's elements in memory; its shape stays [N, C, H, W].
public enum MemoryFormat: Sendable, Hashable {
    /// Row-major: N, C, H, W.
    case contiguous
    /// N, H, W, C: the faster order for most convolutions. Needs rank 4.
    case channelsLast

    var code: CTMemoryFormat {
        switch self {
        case .contiguous: CT_CONTIGUOUS
        case .channelsLast: CT_CHANNELS_LAST
        }
    }
}

extension Tensor {
    /// The same values as another element type; this tensor where it has it already.
    public func to(_ dtype: DType) throws(TensorError) -> Tensor {
        guard dtype != self.dtype else { return self }
        return try produce("to", [self]) { ct_to_dtype(self.handle, dtype.code, $0) }
    }

    /// The same values on another device; this tensor where it is there already.
    public func to(_ device: Device) throws(TensorError) -> Tensor {
        guard device != self.device else { return self }
        return try produce("to", [self]) { ct_to_device(self.handle, device.code, $0) }
    }

    /// The same values on another device, without waiting for the copy where these are page-locked and the device is a
    /// GPU; this tensor where it is there already. What the GPU is asked to do afterwards sees the copy.
    public func toWithoutWaiting(_ device: Device) throws(TensorError) -> Tensor {
        guard device != self.device else { return self }
        return try produce("toWithoutWaiting", [self]) { ct_to_device_async(self.handle, device.code, $0) }
    }

    /// A float32 tensor on the CPU from values in row-major order, in page-locked memory: a GPU copies it while the host
    /// goes on. Throws `unsupported` where no CUDA device is.
    public static func pinned(_ values: [Float], shape: [Int]) throws(TensorError) -> Tensor {
        let result = try produce("pinned", []) { ct_empty_pinned(shape, shape.count, CT_FLOAT32, $0) }
        guard result.count == values.count else {
            throw TensorError(.argument, "pinned", operands: [result], message: "there are \(values.count) values")
        }
        try result.withUnsafeMutableBytes { buffer in
            values.withUnsafeBytes { buffer.copyMemory(from: $0) }
        }
        return result
    }

    /// The same values in that order in memory; this tensor where they lie so already.
    public func contiguous(_ format: MemoryFormat = .contiguous) throws(TensorError) -> Tensor {
        guard !isContiguous(format) else { return self }
        return try produce("contiguous", [self]) { ct_contiguous(self.handle, format.code, $0) }
    }

    /// Whether the elements lie in that order without gaps.
    public func isContiguous(_ format: MemoryFormat = .contiguous) -> Bool {
        withExtendedLifetime(self) { ct_tensor_is_contiguous(handle, format.code) }
    }

    /// A copy with memory of its own; gradients flow through.
    public func clone() throws(TensorError) -> Tensor {
        try produce("clone", [self]) { ct_clone(self.handle, $0) }
    }

    /// The same memory outside the gradient graph.
    public func detach() throws(TensorError) -> Tensor {
        try produce("detach", [self]) { ct_detach(self.handle, $0) }
    }
}
