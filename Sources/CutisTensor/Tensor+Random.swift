import CTorch

// Random values. Without a generator they come from the device's process-wide one (`Runtime.seed`).
extension Tensor {
    /// Uniform on [0, 1).
    public static func rand(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, generator: Generator? = nil
    ) throws(TensorError) -> Tensor {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try produce("rand", []) {
                ct_rand(shape, shape.count, dtype.code, device.code, generator?.handle, $0)
            }
        }
    }

    /// Standard normal.
    public static func randn(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, generator: Generator? = nil
    ) throws(TensorError) -> Tensor {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try produce("randn", []) {
                ct_randn(shape, shape.count, dtype.code, device.code, generator?.handle, $0)
            }
        }
    }

    /// Uniform integers of a range that must not be empty.
    public static func randint(
        _ range: Range<Int>, shape: [Int], dtype: DType = .int64, device: Device = .cpu, generator: Generator? = nil
    ) throws(TensorError) -> Tensor {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try produce("randint", []) {
                ct_randint(
                    range.lowerBound, range.upperBound, shape, shape.count, dtype.code, device.code,
                    generator?.handle, $0)
            }
        }
    }

    /// The integers 0 … n − 1 in random order.
    public static func randperm(
        _ n: Int, device: Device = .cpu, generator: Generator? = nil
    ) throws(TensorError) -> Tensor {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try produce("randperm", []) { ct_randperm(n, device.code, generator?.handle, $0) }
        }
    }

    /// Ones with probability `p`, else zeros, in this tensor's shape and type.
    ///
    /// On the CPU the values of one seed differ between processors of Intel (drawn by MKL) and others.
    public func bernoulli(_ p: Double, generator: Generator? = nil) throws(TensorError) -> Tensor {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try produce("bernoulli", [self]) { ct_bernoulli(self.handle, p, generator?.handle, $0) }
        }
    }

    /// `count` indices drawn by the elements as unnormalised weights ([n] or [rows, n]), int64.
    public func multinomial(
        _ count: Int, replacement: Bool = false, generator: Generator? = nil
    ) throws(TensorError) -> Tensor {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try produce("multinomial", [self]) {
                ct_multinomial(self.handle, count, replacement, generator?.handle, $0)
            }
        }
    }

    /// Writes uniform values on [low, high) over the elements.
    public func uniformInPlace(
        _ low: Double = 0, _ high: Double = 1, generator: Generator? = nil
    ) throws(TensorError) {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try check("uniformInPlace", [self]) { ct_uniform_(self.handle, low, high, generator?.handle) }
        }
    }

    /// Writes normal values over the elements.
    public func normalInPlace(
        mean: Double = 0, deviation: Double = 1, generator: Generator? = nil
    ) throws(TensorError) {
        try withExtendedLifetime(generator) { () throws(TensorError) in
            try check("normalInPlace", [self]) { ct_normal_(self.handle, mean, deviation, generator?.handle) }
        }
    }
}
