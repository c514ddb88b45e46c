public import CutisCore
public import CutisFormats
public import CutisTensor

/// A tensor of a model with its canonical name.
public struct NamedTensor {
    /// The canonical name, such as `blocks.3.norm1.weight`.
    public let name: String
    /// The values that the model computes with.
    public let tensor: Tensor

    /// Names a tensor.
    package init(name: String, tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}

/// Where a layer gets its weights: from a checkpoint, or fresh.
///
/// A layer's initialiser asks for exactly the tensors that it needs, by name and shape; nothing is made first and
/// filled later. Readers are paths: `reader / "blocks" / 3` asks for names that begin with `blocks.3.`.
///
/// A weight that the checkpoint does not hold, or holds in another shape, does not stop the construction: the layer
/// gets a placeholder that needs no memory, and `finish` throws one error that lists every problem. A model must not
/// be used before `finish` has returned.
public struct WeightReader {
    let store: WeightStore
    let path: String
    /// The type that weights are asked for in; nil takes the reader's own.
    private let dtype: DType?

    /// Reads from a checkpoint.
    ///
    /// Tensors that are stored in the compute type are mapped from the file; others are converted one by one.
    ///
    /// - Parameters:
    ///   - archive: the checkpoint.
    ///   - layout: its names.
    ///   - dtype: the type to compute in.
    ///   - checkFinite: refuses NaN and infinity in `finish`; this reads all the weights once.
    ///   - trainable: gives every weight memory of its own and records gradients for the learnable ones.
    public init(
        archive: any TensorArchive, layout: KeyLayout, dtype: DType = .float32, device: Device = .cpu,
        checkFinite: Bool = true, trainable: Bool = false
    ) {
        let source = ArchiveWeights(archive, layout: layout, dtype: dtype, device: device)
        self.init(store: WeightStore(.archive(source, checkFinite: checkFinite), trainable: trainable), path: "")
    }

    /// Random weights that always come out the same, for benchmarks; what was taken is counted and not kept.
    package static func random(seed: UInt64, dtype: DType, device: Device) -> WeightReader {
        let generator = try? Generator(seed: seed, device: device)
        let origin = WeightStore.Origin.initialising(generator, dtype: dtype, device: device)
        return WeightReader(store: WeightStore(origin, trainable: false, keeps: false), path: "")
    }

    /// Checks names, shapes and types only: the layers get placeholders, no number is read, and the model must not be
    /// used. `report` and `finish` say what a reading would find.
    public static func checking(archive: any TensorArchive, layout: KeyLayout) -> WeightReader {
        let source = ArchiveWeights(archive, layout: layout, dtype: .float32, device: .cpu)
        return WeightReader(store: WeightStore(.names(source), trainable: false), path: "")
    }

    /// Makes fresh weights by the initialisers of the layers.
    ///
    /// - Parameters:
    ///   - generator: the source of randomness; nil takes the device's own.
    ///   - trainable: records gradients for the learnable weights.
    public static func initialising(
        generator: Generator? = nil, dtype: DType = .float32, device: Device = .cpu, trainable: Bool = true
    ) -> WeightReader {
        WeightReader(
            store: WeightStore(
                .initialising(generator, dtype: dtype, device: device), trainable: trainable), path: "")
    }

    /// Reads for layers that pack their weights: what was taken is counted and not kept.
    ///
    /// - Parameter dtype: what the layers need. Weights of a narrower type come as they are stored, which loses nothing:
    ///   the layers widen what they must.
    package static func packing(archive: any TensorArchive, layout: KeyLayout, dtype: DType) -> WeightReader {
        let stored = Set(archive.tensors.values.map(\.elementType))
        let only = stored.count == 1 ? stored.first.flatMap(DType.init(floating:)) : nil
        let isNarrower = only.map { $0.byteWidth < dtype.byteWidth } ?? false
        let source = ArchiveWeights(
            archive, layout: layout, dtype: isNarrower ? only ?? dtype : dtype, device: .cpu)
        return WeightReader(
            store: WeightStore(.archive(source, checkFinite: true), trainable: false, keeps: false), path: "")
    }

    private init(store: WeightStore, path: String, dtype: DType? = nil) {
        self.store = store
        self.path = path
        self.dtype = dtype
    }

    /// The same reader for weights of another type.
    func reading(as dtype: DType) -> WeightReader { WeightReader(store: store, path: path, dtype: dtype) }

    /// The reader of a part.
    public static func / (reader: WeightReader, part: String) -> WeightReader {
        WeightReader(
            store: reader.store, path: reader.path.isEmpty ? part : "\(reader.path).\(part)", dtype: reader.dtype)
    }

    /// The reader of a numbered part.
    public static func / (reader: WeightReader, index: Int) -> WeightReader {
        reader / String(index)
    }

    /// A learnable weight.
    ///
    /// - Parameters:
    ///   - name: the last part of its name.
    ///   - shape: the shape that it must have.
    ///   - initialiser: its values where training starts from nothing.
    /// - Throws: `CutisError` where the file itself cannot be read, `TensorError` where memory is short.
    public func tensor(_ name: String, shape: [Int], initialiser: Initialiser) throws -> Tensor {
        try store.take((self / name).path, shape: shape, initialiser: initialiser, learnable: true, dtype: dtype)
    }

    /// A weight that is not learned by gradients, such as the running mean of a batch normalisation.
    ///
    /// It always has memory of its own, because training changes it in place.
    public func buffer(_ name: String, shape: [Int], initialiser: Initialiser) throws -> Tensor {
        try store.take((self / name).path, shape: shape, initialiser: initialiser, learnable: false, dtype: dtype)
    }

    /// The learnable weights that were taken so far, in order.
    public var parameters: [NamedTensor] { store.parameters }

    /// The other weights that were taken so far, in order.
    public var buffers: [NamedTensor] { store.buffers }

    /// How many numbers were taken so far.
    public var elementCount: Int { store.elementCount }

    /// Gives memory of the file's pages back that nobody needs now; mapped weights stay valid.
    package func releasePages() { store.releasePages() }

    /// Ends the reading.
    ///
    /// - Returns: what became of every tensor.
    /// - Throws: `.checkpointMismatch` that lists every missing, unexpected and mismatched tensor;
    ///   `.weightsNotFinite` that lists every weight with NaN or infinity.
    @discardableResult
    public func finish() throws(CutisError) -> LoadReport {
        let report = store.report()
        if let error = report.error { throw error }
        return report
    }

    /// What became of every tensor so far, problems included.
    public var report: LoadReport { store.report() }
}
