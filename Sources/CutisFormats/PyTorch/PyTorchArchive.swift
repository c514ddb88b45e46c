public import CutisCore
public import Foundation

/// A PyTorch checkpoint (`.pt`, `.pth`, `.bin`) as `torch.save` writes it since 1.6.
///
/// The pickle is run by a machine that knows plain data and tensors only: any other Python name is refused with
/// `.checkpointUnsafe`, whatever Python's own loader would do. Storages are read when asked for; tensors that share
/// one share its memory; offsets and strides are honoured, so that `data(for:)` is always row-major.
public struct PyTorchArchive: TensorArchive {
    /// Where the archive came from, for messages.
    public let path: String
    /// All tensors by name.
    public let tensors: [String: TensorDescription]
    /// Tensors that cannot be read, by name, with the reason.
    public let unsupported: [String: String]
    /// The scalars at the top of the checkpoint (epoch, class count…) as text.
    public let metadata: [String: String]
    /// Everything but the weights: scalars, text, lists and dictionaries.
    public let payload: PayloadValue
    /// The keys that led to the weights, such as `["state_dict"]`; empty for a bare state dictionary.
    public let wrapper: [String]
    /// What the content is.
    public var format: FileFormat { .pytorch }

    private let container: PyTorchContainer
    private let views: [String: PickleTensor]

    /// Reads the structure of a checkpoint.
    ///
    /// - Throws: `.checkpointUnsafe` naming the Python object that is not allowed; `.checkpointUnsupported` for
    ///   TorchScript, big-endian and encrypted files; `.checkpointCorrupt`; `.fileNotFound`, `.fileEmpty`.
    public init(_ url: URL) throws(CutisError) {
        try self.init(MappedFile(url).region, path: url.path)
    }

    /// Reads the structure of a checkpoint in memory.
    package init(_ file: ByteRegion, path: String) throws(CutisError) {
        self = try reading(path, as: .pytorch) { () throws(FormatFault) in try PyTorchArchive(file: file, path: path) }
    }

    private init(file: ByteRegion, path: String) throws(FormatFault) {
        container = try PyTorchContainer(file)
        let (arena, root) = try PickleMachine.run(try container.pickle())
        let dictionary = try StateDictionary(arena, root: root)
        var builder = PayloadBuilder(arena, excluding: dictionary.path.isEmpty ? [] : [dictionary.node])
        payload = builder.value(root)
        var tensors: [String: TensorDescription] = [:]
        var unsupported: [String: String] = [:]
        for (name, view) in dictionary.tensors {
            guard let elementType = view.elementType else {
                unsupported[name] = view.unsupported
                continue
            }
            guard let tensor = TensorDescription(name: name, elementType: elementType, shape: view.shape) else {
                throw FormatFault("tensor \(quoted(name)) has an impossible shape")
            }
            try container.check(view, name: name)
            tensors[name] = tensor
        }
        self.path = path
        self.tensors = tensors
        self.unsupported = unsupported
        views = dictionary.tensors
        wrapper = dictionary.path
        metadata = (payload.objectValue ?? [:]).compactMapValues(\.scalarText)
    }

    /// The numbers of one tensor; see `TensorArchive`.
    public func data(for name: String) throws(CutisError) -> TensorData {
        guard let tensor = tensors[name], let view = views[name] else { throw missing(name) }
        return try reading(path, as: .pytorch) { () throws(FormatFault) in
            try TensorData(tensor, region: try container.bytes(of: view, name: name))
        }
    }
}
