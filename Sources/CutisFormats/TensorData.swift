/// The numbers of one tensor: contiguous, row-major, little-endian, aligned for their type.
///
/// The bytes are mapped from the file where its layout allows that, and copied otherwise. They stay valid as long
/// as `owner` lives; keep `owner` (or this value) wherever `baseAddress` goes. Mapped bytes are private to this
/// process: the file never changes through them.
public struct TensorData: Sendable {
    /// Name, type and shape.
    public let description: TensorDescription
    private let region: ByteRegion

    /// Joins a tensor and its bytes; copies bytes that are not aligned for their type.
    package init(_ description: TensorDescription, region: ByteRegion) throws(FormatFault) {
        guard region.count == description.byteCount else {
            throw FormatFault(
                "tensor \(quoted(description.name)) needs \(description.byteCount) bytes and has \(region.count)")
        }
        self.description = description
        let misaligned = UInt(bitPattern: region.base) % UInt(description.elementType.byteWidth) != 0
        self.region = misaligned ? try region.copied() : region
    }

    /// What keeps the bytes alive.
    public var owner: any AnyObject & Sendable { region.owner }

    /// The first byte; never null, also for a tensor without elements.
    public var baseAddress: UnsafeRawPointer { region.base }

    /// Lends the bytes for the time of the call.
    public func withUnsafeBytes<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try region.withUnsafeBytes(body)
    }
}
