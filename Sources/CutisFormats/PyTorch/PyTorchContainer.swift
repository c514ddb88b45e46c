import CutisCore
import Synchronization

/// The zip side of a PyTorch checkpoint: finds the pickle and reads storages.
///
/// Storages are read when a tensor needs them and kept only as long as some tensor lives that views them, so tensors
/// that share a storage share its memory, and a large checkpoint is never in memory as a whole unless asked for.
final class PyTorchContainer: Sendable {
    /// No honest checkpoint has a larger pickle: it names tensors and does not hold them.
    static let maximumPickleBytes = 64 << 20

    private let archive: ZipArchive
    private let stem: String
    private let fileSize: Int
    private let cache = Mutex<[String: WeakStorage]>([:])

    private struct WeakStorage: Sendable {
        weak let owner: HeapBytesReference?
    }

    /// Holds a storage's bytes, so that the cache can point at it weakly.
    private final class HeapBytesReference: Sendable {
        let bytes: ByteRegion
        init(_ bytes: ByteRegion) { self.bytes = bytes }
    }

    init(_ file: ByteRegion) throws(FormatFault) {
        archive = try ZipArchive(file)
        fileSize = file.count
        if archive.names.contains(where: { $0.hasSuffix("/constants.pkl") || $0.contains("/code/") }) {
            throw FormatFault(
                "it is a TorchScript program, which holds code; only weights are read", code: .checkpointUnsupported)
        }
        let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }
        guard pickles.count == 1, let pickle = pickles.first else {
            throw FormatFault("it has \(pickles.count) entries named data.pkl instead of one")
        }
        stem = String(pickle.dropLast("data.pkl".count))
        if let entry = archive.entries["\(stem)byteorder"] {
            let order = try archive.read(entry, limit: 64).text() ?? ""
            guard order == "little" else {
                throw FormatFault("its byte order is \(quoted(order)), not little", code: .checkpointUnsupported)
            }
        }
    }

    /// The bytes of `data.pkl`.
    func pickle() throws(FormatFault) -> ByteRegion {
        guard let entry = archive.entries["\(stem)data.pkl"] else { throw FormatFault("it has no data.pkl") }
        return try archive.read(entry, limit: Self.maximumPickleBytes)
    }

    /// Checks that a tensor lies inside its storage and that the archive holds that storage.
    func check(_ tensor: PickleTensor, name: String) throws(FormatFault) {
        guard let elementType = tensor.elementType else { return }
        let entry = try entry(of: tensor.storage, name: name)
        let storageWidth = tensor.storage.elementType?.byteWidth ?? 1
        let (declared, overflow) = tensor.storage.count.multipliedReportingOverflow(by: storageWidth)
        guard !overflow, UInt64(declared) == entry.size else {
            throw FormatFault(
                "the storage of tensor \(quoted(name)) has \(entry.size) bytes, its pickle says "
                    + "\(tensor.storage.count) × \(storageWidth)")
        }
        let extent = Strided.extent(offset: tensor.offset, shape: tensor.shape, strides: tensor.strides)
        let isEmpty = tensor.shape.contains(0)
        guard let extent, isEmpty || extent <= declared / elementType.byteWidth else {
            throw FormatFault("tensor \(quoted(name)) of shape \(tensor.shape) reaches beyond its storage")
        }
        // An expanded tensor (stride 0) repeats its storage; without a limit four bytes could ask for terabytes.
        let count = TensorDescription.elementCount(tensor.shape) ?? Int.max
        guard count / 4 <= (fileSize + 1 << 20) / elementType.byteWidth else {
            throw FormatFault(
                "tensor \(quoted(name)) of shape \(tensor.shape) repeats \(declared) bytes far beyond the file's size",
                code: .checkpointUnsafe)
        }
    }

    /// The bytes of a tensor: a view of its storage where that is contiguous, else a row-major copy.
    func bytes(of tensor: PickleTensor, name: String) throws(FormatFault) -> ByteRegion {
        try check(tensor, name: name)
        guard let width = tensor.elementType?.byteWidth else { throw FormatFault("no element type") }
        let storage = try storage(tensor.storage, name: name)
        if Strided.isContiguous(shape: tensor.shape, strides: tensor.strides) {
            let count = tensor.shape.reduce(width, *)
            let offset = tensor.shape.contains(0) ? 0 : tensor.offset * width
            guard let view = storage.slice(at: offset, count: count) else {
                throw FormatFault("tensor \(quoted(name)) reaches beyond its storage")
            }
            return view
        }
        return try Strided.copy(
            storage, width: width, offset: tensor.offset, shape: tensor.shape, strides: tensor.strides)
    }

    private func storage(_ storage: PickleStorage, name: String) throws(FormatFault) -> ByteRegion {
        if let living = cache.withLock({ $0[storage.key]?.owner }) { return Self.view(living) }
        let reference = HeapBytesReference(try archive.read(try entry(of: storage, name: name)))
        cache.withLock { $0[storage.key] = WeakStorage(owner: reference) }
        return Self.view(reference)
    }

    private static func view(_ reference: HeapBytesReference) -> ByteRegion {
        ByteRegion(owner: reference, base: reference.bytes.base, count: reference.bytes.count)
    }

    private func entry(of storage: PickleStorage, name: String) throws(FormatFault) -> ZipEntry {
        guard let entry = archive.entries["\(stem)data/\(storage.key)"] else {
            throw FormatFault("the storage \(quoted(storage.key)) of tensor \(quoted(name)) is not in the archive")
        }
        return entry
    }
}
