import CutisCore
import CutisFormats
import CutisTensor

/// What all paths of one `WeightReader` share: the source, and what was taken from it.
final class WeightStore {
    enum Origin {
        case archive(ArchiveWeights, checkFinite: Bool)
        case names(ArchiveWeights)
        case initialising(Generator?, dtype: DType, device: Device)
    }

    private let origin: Origin
    private let trainable: Bool
    private let keeps: Bool
    private var progress = LoadReport()
    private(set) var parameters: [NamedTensor] = []
    private(set) var buffers: [NamedTensor] = []
    private(set) var elementCount = 0

    /// - Parameter keeps: false for layers that copy what they take, so that it does not stay in memory twice.
    init(_ origin: Origin, trainable: Bool, keeps: Bool = true) {
        self.origin = origin
        self.trainable = trainable
        self.keeps = keeps
    }

    func take(
        _ name: String, shape: [Int], initialiser: Initialiser, learnable: Bool, dtype wanted: DType?
    ) throws -> Tensor {
        let tensor: Tensor
        switch origin {
        case .initialising(let generator, let dtype, let device):
            tensor = try initialiser(shape, dtype: wanted ?? dtype, device: device, generator: generator)
        case .names(let archive):
            if archive.find(name, shape: shape, into: &progress) != nil { progress.loaded.append(name) }
            return try archive.placeholder(shape)
        case .archive(let archive, let checkFinite):
            let source = archive.find(name, shape: shape, into: &progress)
            // Once something is wrong the model will not be used, so nothing more is converted or mapped.
            guard let source, progress.missing.isEmpty, progress.mismatched.isEmpty else {
                return try archive.placeholder(shape)
            }
            tensor = try archive.load(
                source, shape: shape, dtype: wanted ?? archive.dtype, ownMemory: trainable || !learnable)
            if checkFinite, try !tensor.allFinite() { progress.notFinite.append(name) }
        }
        progress.loaded.append(name)
        elementCount += tensor.count
        if learnable, trainable { try tensor.settingRequiresGrad(true) }
        guard keeps else { return tensor }
        let named = NamedTensor(name: name, tensor: tensor)
        if learnable { parameters.append(named) } else { buffers.append(named) }
        return tensor
    }

    func releasePages() {
        if case .archive(let weights, _) = origin { weights.archive.releasePages() }
    }

    /// The progress, with the tensors of the file that nothing has used.
    func report() -> LoadReport {
        let archive: ArchiveWeights
        switch origin {
        case .initialising: return progress
        case .archive(let weights, _), .names(let weights): archive = weights
        }
        var report = progress
        report.path = archive.archive.path
        report.layout = archive.layout.id
        (report.unexpected, report.ignored) = archive.leftovers()
        return report
    }
}
