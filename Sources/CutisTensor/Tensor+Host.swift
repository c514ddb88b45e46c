import CTorch

// Values from the host and back to it.
extension Tensor {
    /// A float32 tensor from values in row-major order; one dimension where no shape is given.
    public convenience init(_ values: [Float], shape: [Int]? = nil, device: Device = .cpu) throws(TensorError) {
        try self.init(elements: values, dtype: .float32, shape: shape, device: device)
    }

    /// A float64 tensor. Disfavoured, so that a literal such as `[0.5, 1]` makes a float32 tensor.
    @_disfavoredOverload
    public convenience init(_ values: [Double], shape: [Int]? = nil, device: Device = .cpu) throws(TensorError) {
        try self.init(elements: values, dtype: .float64, shape: shape, device: device)
    }

    /// An int64 tensor.
    public convenience init(_ values: [Int], shape: [Int]? = nil, device: Device = .cpu) throws(TensorError) {
        try self.init(elements: values.map { Int64($0) }, dtype: .int64, shape: shape, device: device)
    }

    /// An int64 tensor.
    public convenience init(_ values: [Int64], shape: [Int]? = nil, device: Device = .cpu) throws(TensorError) {
        try self.init(elements: values, dtype: .int64, shape: shape, device: device)
    }

    /// An int32 tensor.
    public convenience init(_ values: [Int32], shape: [Int]? = nil, device: Device = .cpu) throws(TensorError) {
        try self.init(elements: values, dtype: .int32, shape: shape, device: device)
    }

    /// A uint8 tensor.
    public convenience init(_ values: [UInt8], shape: [Int]? = nil, device: Device = .cpu) throws(TensorError) {
        try self.init(elements: values, dtype: .uint8, shape: shape, device: device)
    }

    /// A bool tensor.
    public convenience init(_ values: [Bool], shape: [Int]? = nil, device: Device = .cpu) throws(TensorError) {
        try self.init(elements: values, dtype: .bool, shape: shape, device: device)
    }

    private convenience init<Element: BitwiseCopyable>(
        elements: [Element], dtype: DType, shape: [Int]?, device: Device
    ) throws(TensorError) {
        let shape = shape ?? [elements.count]
        let handle = try produceHandle("Tensor.init", []) { out in
            elements.withUnsafeBytes { copyBytes($0, shape, dtype, out) }
        }
        self.init(adopting: try Tensor.moving(handle, to: device))
    }

    /// A copy of row-major little-endian bytes, whose number must be exactly what shape and type need.
    public convenience init(
        rawBytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu
    ) throws(TensorError) {
        let handle = try produceHandle("Tensor.init", []) { copyBytes(rawBytes, shape, dtype, $0) }
        self.init(adopting: try Tensor.moving(handle, to: device))
    }

    /// A copy of row-major little-endian bytes, whose number must be exactly what shape and type need.
    public convenience init(
        rawBytes: [UInt8], shape: [Int], dtype: DType, device: Device = .cpu
    ) throws(TensorError) {
        let handle = try produceHandle("Tensor.init", []) { out in
            rawBytes.withUnsafeBytes { copyBytes($0, shape, dtype, out) }
        }
        self.init(adopting: try Tensor.moving(handle, to: device))
    }

    /// The elements in row-major order, converted to `Float`.
    public func floats() throws(TensorError) -> [Float] { try read(.float32, as: Float.self, count: count) }
    /// The elements in row-major order, converted to `Double`.
    public func doubles() throws(TensorError) -> [Double] { try read(.float64, as: Double.self, count: count) }
    /// The elements in row-major order as integers, fractions cut off.
    public func int64s() throws(TensorError) -> [Int64] { try read(.int64, as: Int64.self, count: count) }
    /// The elements in row-major order as integers, fractions cut off.
    public func ints() throws(TensorError) -> [Int] { try int64s().map { Int($0) } }
    /// The elements in row-major order as bytes.
    public func uint8s() throws(TensorError) -> [UInt8] { try read(.uint8, as: UInt8.self, count: count) }
    /// The elements in row-major order; what is not 0 is true.
    public func bools() throws(TensorError) -> [Bool] {
        try read(.bool, as: UInt8.self, count: count).map { $0 != 0 }
    }

    /// The elements' own bytes in row-major order, little-endian: what a checkpoint stores.
    public func rawBytes() throws(TensorError) -> [UInt8] {
        let (size, overflow) = count.multipliedReportingOverflow(by: dtype.byteWidth)
        guard !overflow else {
            throw TensorError(.shape, "rawBytes", operands: [self], message: "too many bytes to count")
        }
        return try read(dtype, as: UInt8.self, count: size)
    }

    /// Copies the elements' own bytes in row-major order into a buffer of exactly that size.
    public func copyRawBytes(to buffer: UnsafeMutableRawBufferPointer) throws(TensorError) {
        try check("copyRawBytes", [self]) { readBytes(self.handle, dtype, buffer) }
    }

    /// The only element as a `Double`; throws where there is not exactly one.
    public func item() throws(TensorError) -> Double {
        var value = 0.0
        try check("item", [self]) { ct_tensor_item(self.handle, &value) }
        return value
    }

    /// The only element as an integer, fractions cut off; throws where there is not exactly one.
    public func itemInt() throws(TensorError) -> Int {
        var value: Int64 = 0
        try check("itemInt", [self]) { ct_tensor_item_integer(self.handle, &value) }
        return Int(value)
    }

    /// Whether no element is NaN or infinite. Integers are always finite.
    public func allFinite() throws(TensorError) -> Bool {
        var finite = false
        try check("allFinite", [self]) { ct_tensor_all_finite(self.handle, &finite) }
        return finite
    }

    /// Whether both have the same shape, type and elements.
    public func isEqual(to other: Tensor) throws(TensorError) -> Bool {
        var equal = false
        try check("isEqual", [self, other]) { ct_tensor_equal(self.handle, other.handle, &equal) }
        return equal
    }

    private static func moving(_ handle: OpaquePointer, to device: Device) throws(TensorError) -> OpaquePointer {
        guard device != .cpu else { return handle }
        let host = Tensor(adopting: handle)
        return try produceHandle("Tensor.init", [host]) { ct_to_device(host.handle, device.code, $0) }
    }

    /// The elements in row-major order as `type`, whose bytes make up `count` values of `Element`.
    private func read<Element: BitwiseCopyable>(
        _ type: DType, as element: Element.Type, count: Int
    ) throws(TensorError) -> [Element] {
        // Joined up first where it has gaps: an expanded view may stand for more elements than memory holds, and
        // LibTorch refuses that with an error, where an array's allocation would end the process.
        let source = try contiguous()
        var result: [Element] = []
        try check("read", [source]) {
            var status = CT_OK
            result = Array(unsafeUninitializedCapacity: count) { buffer, filled in
                let bytes = UnsafeMutableRawBufferPointer(
                    start: buffer.baseAddress, count: count * MemoryLayout<Element>.stride)
                status = readBytes(source.handle, type, bytes)
                filled = status == CT_OK ? count : 0
            }
            return status
        }
        return result
    }
}

private func readBytes(_ handle: OpaquePointer, _ type: DType, _ buffer: UnsafeMutableRawBufferPointer) -> CTStatus {
    // An empty buffer has no address; nothing is written through this one.
    var nowhere: UInt8 = 0
    return withUnsafeMutablePointer(to: &nowhere) {
        ct_tensor_read(handle, type.code, buffer.baseAddress ?? UnsafeMutableRawPointer($0), buffer.count)
    }
}

private func copyBytes(
    _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType, _ out: UnsafeMutablePointer<OpaquePointer?>
) -> CTStatus {
    // An empty buffer has no address; nothing is read through this one.
    var nowhere: UInt8 = 0
    return withUnsafeMutablePointer(to: &nowhere) {
        ct_tensor_from_bytes(
            bytes.baseAddress ?? UnsafeRawPointer($0), bytes.count, shape, shape.count, dtype.code, out)
    }
}
