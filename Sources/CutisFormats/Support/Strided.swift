/// Copies elements that lie at regular steps into row-major order.
enum Strided {
    /// The strides, in elements, of a row-major tensor.
    static func rowMajor(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in stride(from: shape.count - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] &* max(1, shape[axis + 1])
        }
        return strides
    }

    /// The strides, in elements, of a column-major (Fortran) tensor.
    static func columnMajor(_ shape: [Int]) -> [Int] {
        rowMajor(shape.reversed()).reversed()
    }

    /// Whether walking the shape in row-major order touches neighbouring elements one after the other.
    static func isContiguous(shape: [Int], strides: [Int]) -> Bool {
        zip(zip(shape, strides), rowMajor(shape)).allSatisfy { $0.0 == 1 || $0.1 == $1 } || shape.contains(0)
    }

    /// How many elements from the start of the storage the tensor reaches, or nil where that overflows.
    static func extent(offset: Int, shape: [Int], strides: [Int]) -> Int? {
        guard offset >= 0, shape.count == strides.count, strides.allSatisfy({ $0 >= 0 }) else { return nil }
        guard !shape.contains(0) else { return offset }
        var last = offset
        for (size, stride) in zip(shape, strides) {
            let (reach, high) = (size - 1).multipliedReportingOverflow(by: stride)
            let (next, carry) = last.addingReportingOverflow(reach)
            guard !high, !carry else { return nil }
            last = next
        }
        let (extent, overflow) = last.addingReportingOverflow(1)
        return overflow ? nil : extent
    }

    /// Copies to row-major order.
    ///
    /// The caller has checked with `extent` that every element lies inside `storage` and that the shape's byte count
    /// does not overflow.
    static func copy(
        _ storage: ByteRegion, width: Int, offset: Int, shape: [Int], strides: [Int]
    ) throws(FormatFault) -> ByteRegion {
        let result = try HeapBytes(count: shape.reduce(width, *))
        // A dimension of size 1 may have any stride, also one that would overflow when stepped over.
        let strides = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
        storage.withUnsafeBytes { source in
            result.fill { target in
                switch width {
                case 1: gather(UInt8.self, source, target, offset, shape, strides)
                case 2: gather(UInt16.self, source, target, offset, shape, strides)
                case 4: gather(UInt32.self, source, target, offset, shape, strides)
                default: gather(UInt64.self, source, target, offset, shape, strides)
                }
            }
        }
        return result.region
    }

    /// Reverses the bytes of every element.
    static func swapped(_ bytes: ByteRegion, width: Int) throws(FormatFault) -> ByteRegion {
        let result = try HeapBytes(count: bytes.count)
        bytes.withUnsafeBytes { source in
            result.fill { target in
                for start in stride(from: 0, to: source.count - width + 1, by: width) {
                    for byte in 0..<width { target[start + byte] = source[start + width - 1 - byte] }
                }
            }
        }
        return result.region
    }

    private static func gather<T: BitwiseCopyable>(
        _ type: T.Type, _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ offset: Int,
        _ shape: [Int], _ strides: [Int]
    ) {
        guard !shape.contains(0) else { return }
        let width = MemoryLayout<T>.size
        let innerSize = shape.last ?? 1
        let innerStride = strides.last ?? 1
        let outer = max(0, shape.count - 1)
        var index = [Int](repeating: 0, count: outer)
        var start = offset
        var written = 0
        while true {
            for step in 0..<innerSize {
                let element = source.loadUnaligned(fromByteOffset: (start + step * innerStride) * width, as: T.self)
                target.storeBytes(of: element, toByteOffset: written, as: T.self)
                written += width
            }
            var axis = outer - 1
            while axis >= 0 {
                index[axis] += 1
                start += strides[axis]
                if index[axis] < shape[axis] { break }
                start -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}
