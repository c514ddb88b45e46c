import CutisCore
public import CutisFormats
public import CutisTensor
public import Foundation

/// A Keras 3 functional or sequential model that answers a bag of embeddings.
///
/// The graph of `config.json` is computed call by call in the order of its `inbound_nodes`; no Python code is read or
/// run. Masks, padding and numerics are those of Keras 3.15: without a mask in the graph, rows of zeros take part.
/// `docs/keras-heads.md` lists the layers.
public final class KerasGraph {
    /// The model's name in its file.
    public let name: String
    /// The width of one image's embedding.
    public let inputWidth: Int
    /// How many images a bag has; nil where any number will do.
    public let maximumInstances: Int?
    /// How many numbers the answer has.
    public let classCount: Int
    /// What the answer's numbers are, where the graph's end tells it.
    public let meaning: MILOutputMeaning?
    /// What ends the graph, in words, for messages.
    public let ending: String
    /// Whether calls give the attention over the images.
    public var hasAttention: Bool { !attentionProbes.isEmpty }
    /// What was taken for granted because the file does not say it; for the model card.
    public let assumptions: [String]
    /// What became of every variable of the weights file.
    public let report: LoadReport

    private let model: KerasModel
    private let inputs: KerasInputs
    private let path: String
    private let device: Device
    private let attentionProbes: [KerasProbe]
    /// The outputs that are answers; the others repeat the attention.
    private let answers: [Int]

    /// Builds the graph and tries it on one bag.
    ///
    /// - Parameters:
    ///   - config: the text of `config.json`.
    ///   - archive: the variables by HDF5 path (`layers/dense/vars/0`), from the `.keras` file or a bundle.
    ///   - groupNames: the `name` attributes of the groups, to check the order of the layers by.
    ///   - mappings: what custom layer classes compute.
    /// - Throws: `.checkpointUnsafe` for Lambda layers, `.checkpointUnsupported` for layers that Cutis does not compute
    ///   (all of them named), `.checkpointMismatch` where weights are missing, extra or of another shape,
    ///   `.checkpointCorrupt` for a damaged graph, `.weightsNotFinite`.
    public init(
        config: Data, archive: any TensorArchive, groupNames: [String: String] = [:],
        mappings: [KerasCustomLayerMapping] = [], device: Device = .cpu
    ) throws {
        path = archive.path
        self.device = device
        do {
            let definition = try KerasConfigParser.parse(config)
            try KerasSupport.check(definition, mappings: mappings)
            inputs = try KerasInputs(definition)
            let weights = KerasWeights(archive, groupNames: groupNames, device: device)
            let builder = KerasBuilder(weights: weights, device: device, mappings: mappings)
            model = try KerasModel(definition, path: "", builder: builder)
            report = try weights.finish()
            let trial = try KerasTrial(model, inputs: inputs, device: device)
            attentionProbes = trial.attention
            answers = trial.answers
            classCount = trial.classCount
            meaning = trial.meaning
            ending = trial.ending
            assumptions = builder.assumptions
        } catch let fault as KerasFault {
            throw fault.error(in: archive.path)
        }
        name = model.definition.name
        inputWidth = inputs.width
        maximumInstances = inputs.instances
    }

    /// The answer and the attention of a batch of cases.
    ///
    /// - Parameters:
    ///   - bag: [cases, images, width]; fewer images than `maximumInstances` are padded with rows of zeros.
    ///   - mask: [cases, images], true (or not 0) for an image that is there; only graphs with a mask input use it.
    ///     Left out, rows that are all zeros count as missing.
    /// - Returns: the answer [cases, classes] as the graph gives it, and the attention [cases, images] where the graph
    ///   has one that can be told (see `KerasAttentionFinder`).
    /// - Throws: `.computeFailed` for a bag that does not fit, or where the graph cannot be computed.
    public func callAsFunction(bag: Tensor, mask: Tensor? = nil) throws -> (output: Tensor, attention: Tensor?) {
        do {
            let padded = try padded(bag)
            let observer = attentionProbes.isEmpty ? nil : KerasObserver(wanted: Set(attentionProbes))
            let results = try model.run(
                inputs.arguments(bag: padded, mask: try mask.map { try self.padded(mask: $0, to: padded.shape[1]) }),
                in: KerasRun(cases: padded.shape[0], observer: observer))
            let cases = padded.shape[0]
            let parts = try answers.map { try results[$0].tensor.to(.float32).reshape([cases, -1]) }
            let output = parts.count == 1 ? parts[0] : try Tensor.cat(parts, dim: 1)
            let attention = try observer.flatMap {
                try KerasTrial.mean(attentionProbes, of: $0, cases: cases, instances: padded.shape[1])
            }
            return (output, attention)
        } catch let fault as KerasFault {
            throw CutisError(
                .computeFailed, "The head \(path) cannot answer this case: \(fault.reason).",
                remedy: "Check that the embeddings come from the encoder that the head was trained on.")
        }
    }

    private func padded(_ bag: Tensor) throws -> Tensor {
        let shape = bag.shape
        guard shape.count == 3, shape[0] > 0, shape[1] > 0, shape[2] == inputWidth,
            shape[1] <= maximumInstances ?? shape[1]
        else {
            let images = maximumInstances.map { "up to \($0)" } ?? "some"
            throw KerasFault("it takes bags of \(images) images with \(inputWidth) numbers and got the shape \(shape)")
        }
        let missing = (maximumInstances ?? shape[1]) - shape[1]
        let input = try bag.to(.float32).to(device)
        guard missing > 0 else { return input }
        return try Tensor.cat([input, Tensor.zeros([shape[0], missing, shape[2]], device: device)], dim: 1)
    }

    private func padded(mask: Tensor, to instances: Int) throws -> Tensor {
        let shape = mask.shape
        guard shape.count == 2, shape[1] <= instances else { throw KerasFault("its mask has the shape \(shape)") }
        let input = try mask.to(.bool).to(device)
        guard shape[1] < instances else { return input }
        let padding = try Tensor.zeros([shape[0], instances - shape[1]], dtype: .bool, device: device)
        return try Tensor.cat([input, padding], dim: 1)
    }
}
