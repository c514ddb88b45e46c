public import CutisCore

/// What a file says about one tensor, without its numbers.
public struct TensorDescription: Sendable, Hashable {
    /// The name in the file.
    public let name: String
    /// The type of the elements.
    public let elementType: ElementType
    /// The sizes of the dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// Bytes of the whole tensor: the product of the shape times the element's width.
    public let byteCount: Int

    /// Joins the parts.
    ///
    /// - Returns: nil where a size is negative, there are more than 64 dimensions, or the byte count overflows.
    public init?(name: String, elementType: ElementType, shape: [Int]) {
        guard let count = Self.elementCount(shape) else { return nil }
        self.name = name
        self.elementType = elementType
        self.shape = shape
        byteCount = count * elementType.byteWidth
    }

    /// How many elements there are; 1 for a scalar.
    public var elementCount: Int { byteCount / elementType.byteWidth }

    /// The product of a shape, or nil where a size is negative, the rank is absurd or the product overflows.
    ///
    /// The product of the non-zero sizes must fit too, with 8 bytes each, so that strides and byte counts computed from
    /// the shape in any order never overflow.
    package static func elementCount(_ shape: [Int]) -> Int? {
        guard shape.count <= 64 else { return nil }
        var product = 1
        var isEmpty = false
        for size in shape {
            guard size >= 0 else { return nil }
            guard size > 0 else {
                isEmpty = true
                continue
            }
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            guard !overflow else { return nil }
            product = next
        }
        guard product <= Int.max / 8 else { return nil }
        return isEmpty ? 0 : product
    }

    /// The same tensor under another name.
    package func renamed(_ name: String) -> TensorDescription {
        TensorDescription(name: name, elementType: elementType, shape: shape, byteCount: byteCount)
    }

    private init(name: String, elementType: ElementType, shape: [Int], byteCount: Int) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.byteCount = byteCount
    }
}

/// The named tensors of one checkpoint, whatever its file format.
///
/// Opening reads and checks the structure only; the numbers are read (or mapped) when they are asked for.
public protocol TensorArchive: Sendable {
    /// Where the archive came from, for messages.
    var path: String { get }
    /// The format that its content has.
    var format: FileFormat { get }
    /// All tensors by name.
    var tensors: [String: TensorDescription] { get }
    /// Tensors that the file holds and Cutis cannot read (such as 8-bit floats), by name, with the reason.
    var unsupported: [String: String] { get }
    /// Text that the file carries beside its tensors.
    var metadata: [String: String] { get }

    /// The numbers of one tensor.
    ///
    /// - Throws: `.checkpointMismatch` where there is no such tensor, `.checkpointUnsupported` where it cannot be
    ///   read, `.checkpointCorrupt` where its bytes are damaged, `.outOfMemory`.
    func data(for name: String) throws(CutisError) -> TensorData

    /// Gives the memory of mapped pages that have been read back to the system; they are read again when touched.
    func releasePages()
}

/// Sizes that no honest checkpoint reaches, whatever the format.
enum FormatLimits {
    /// Tensors in one checkpoint, and entries in one zip archive. The models of the field have a few hundred; language
    /// models with many experts, some 50,000.
    static let maximumTensors = 200_000

    /// The fault of a checkpoint beyond the limit.
    static let tooManyTensors = FormatFault("it has more than \(maximumTensors) tensors", code: .checkpointUnsupported)
}

extension TensorArchive {
    /// Most formats hold nothing that Cutis cannot read.
    public var unsupported: [String: String] { [:] }

    /// Most formats map nothing.
    public func releasePages() {}

    /// The error for a name that `tensors` does not hold.
    package func missing(_ name: String) -> CutisError {
        if let reason = unsupported[name] {
            return CutisError(
                .checkpointUnsupported, "Tensor \(quoted(name)) of \(path) cannot be read: \(reason).",
                remedy: "Convert the checkpoint to float32, float16 or bfloat16.")
        }
        return CutisError(
            .checkpointMismatch, "\(path) has no tensor named \(quoted(name)).",
            remedy: "List the tensors with `cutis inspect` and check that the model fits the checkpoint.")
    }
}
