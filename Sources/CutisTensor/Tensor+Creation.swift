import CTorch

extension Tensor {
    /// Zeros.
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try produce("zeros", []) { ct_zeros(shape, shape.count, dtype.code, device.code, $0) }
    }

    /// Ones.
    public static func ones(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try full(shape, 1, dtype: dtype, device: device)
    }

    /// Every element `value`.
    public static func full(
        _ shape: [Int], _ value: some TensorScalar, dtype: DType = .float32, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try produce("full", []) {
            ct_full(shape, shape.count, value.tensorScalar.code, dtype.code, device.code, $0)
        }
    }

    /// Elements with no set value: write them before you read them.
    public static func empty(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, format: MemoryFormat = .contiguous
    ) throws(TensorError) -> Tensor {
        try produce("empty", []) { ct_empty(shape, shape.count, dtype.code, device.code, format.code, $0) }
    }

    /// A single number as a tensor of rank 0.
    public static func scalar(
        _ value: some TensorScalar, dtype: DType = .float32, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try full([], value, dtype: dtype, device: device)
    }

    /// 0, 1, … below `end`.
    public static func arange(
        _ end: some TensorScalar, dtype: DType = .int64, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try arange(0, end, dtype: dtype, device: device)
    }

    /// `start`, `start` + `step`, … below `end`.
    public static func arange(
        _ start: some TensorScalar, _ end: some TensorScalar, step: some TensorScalar = 1, dtype: DType = .int64,
        device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try produce("arange", []) {
            ct_arange(
                start.tensorScalar.code, end.tensorScalar.code, step.tensorScalar.code, dtype.code, device.code, $0)
        }
    }

    /// `count` values from `start` to `end`, both included.
    public static func linspace(
        _ start: Double, _ end: Double, count: Int, dtype: DType = .float32, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try produce("linspace", []) { ct_linspace(start, end, count, dtype.code, device.code, $0) }
    }

    /// The identity matrix [n, n].
    public static func eye(
        _ n: Int, dtype: DType = .float32, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        try produce("eye", []) { ct_eye(n, dtype.code, device.code, $0) }
    }

    /// Zeros of this tensor's shape, type and device.
    public func zerosLike() throws(TensorError) -> Tensor {
        try .zeros(shape, dtype: dtype, device: device)
    }
}
