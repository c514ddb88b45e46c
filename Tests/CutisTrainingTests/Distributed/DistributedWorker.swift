import CutisCore
import CutisModels
import CutisTensor
import CutisTraining
import Foundation
import Testing

/// A small training run of a vision transformer, the same whatever number of processes share its batches.
///
/// No batch normalisation, which sees only its part of a batch, and no biases of the keys, whose gradients are nothing
/// but rounding errors that Adam would blow up to whole steps.
struct DistributedRun {
    static let steps = 12
    static let batch = 8

    let parameters: [Tensor]
    private let model: VisionTransformer
    private let averages: [Tensor]
    private let squareAverages: [Tensor]
    private let counts: [Tensor]

    init(seed: UInt64) throws {
        let config = ViTConfig(
            imageSize: [32, 32], patchSize: 16, width: 192, depth: 2, heads: 3, mlpWidth: 768, qkvBias: false,
            classCount: 7)
        let reader = WeightReader.initialising(generator: try Generator(seed: seed), trainable: true)
        model = try VisionTransformer(config, reader)
        try reader.finish()
        parameters = reader.parameters.map(\.tensor)
        averages = try parameters.map { try Tensor.zeros($0.shape) }
        squareAverages = try parameters.map { try Tensor.zeros($0.shape) }
        counts = try parameters.map { _ in try Tensor.zeros([]) }
    }

    /// What a checkpoint holds.
    var state: [Tensor] { parameters + averages + squareAverages + counts }

    /// One step of AdamW on the rows of a global batch that this rank has.
    func step(_ number: Int, _ synchroniser: GradientSynchroniser?) throws {
        let generator = try Generator(seed: 1000 + UInt64(number))
        let images = try Tensor.randn([Self.batch, 3, 32, 32], generator: generator)
        let labels = (0..<Self.batch).map { ($0 * 3 + number) % 7 }
        let rows = GradientSynchroniser.rows(
            ofBatch: Self.batch, rank: synchroniser?.rank ?? 0, worldSize: synchroniser?.worldSize ?? 1)
        let logits = try model(try images.narrow(dim: 0, start: rows.lowerBound, length: rows.count))
        // The sum over the share, divided by the whole batch.
        let loss = try logits.crossEntropy(try Tensor(labels[rows].map { Int64($0) }), reduction: .sum)
        let mean = try loss * (1 / Double(Self.batch))
        let gradients = try Tensor.gradients(of: mean, withRespectTo: parameters).map { try $0.contiguous() }
        try synchroniser?.sum(gradients)
        try withoutGrad { () throws(TensorError) in
            try TensorList.adamStep(
                parameters, gradients: gradients, averages: averages, squareAverages: squareAverages, steps: counts,
                .init(learningRate: 3e-4, weightDecay: 0.01, decoupled: true))
        }
    }

    func save(_ url: URL) throws {
        let values = try state.flatMap { try $0.detach().floats() }
        try AtomicOutput.file(url, values.withUnsafeBytes { Data($0) })
    }

    func load(_ url: URL) throws {
        let bytes = try Data(contentsOf: url)
        var values = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }[...]
        try withoutGrad {
            for tensor in state {
                let kept = try Tensor(Array(values.prefix(tensor.count)), shape: tensor.shape)
                try TensorList.copy([tensor], from: [kept])
                values = values.dropFirst(tensor.count)
            }
        }
    }
}

/// What a process of a test is told to do, through its environment.
struct WorkerOrder {
    /// Where checkpoints, weights and results go.
    let folder: URL
    /// The step before which `lostRank` is lost; nil for never.
    let losesRankBefore: Int?
    /// The signal with which rank 1 ends or stops itself.
    let signal: Int32
    /// Goes on from the checkpoint in the folder.
    let resumes: Bool
    let timeout: Double

    init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard let folder = environment["CUTIS_TEST_FOLDER"] else { return nil }
        self.folder = URL(fileURLWithPath: folder)
        losesRankBefore = environment["CUTIS_TEST_LOSE"].flatMap(Int.init)
        signal = environment["CUTIS_TEST_SIGNAL"].flatMap(Int32.init) ?? SIGKILL
        resumes = environment["CUTIS_TEST_RESUME"] == "1"
        timeout = environment["CUTIS_TEST_TIMEOUT"].flatMap(Double.init) ?? 60
    }
}

/// The process side of `TwoProcessTests`, which run this suite alone in processes of their own; called without their
/// orders it is a run of one rank.
@Suite struct DistributedWorker {
    @Test func run() throws {
        guard let order = WorkerOrder() else {
            let run = try DistributedRun(seed: 5)
            let before = try run.parameters.flatMap { try $0.detach().floats() }
            try run.step(0, nil)
            #expect(try run.parameters.flatMap { try $0.detach().floats() } != before)
            return
        }
        let environment = try #require(try DistributedEnvironment.read())
        let result = order.folder.appendingPathComponent("rank-\(environment.rank).txt")
        do {
            try Self.obey(order, environment)
            try Data("done".utf8).write(to: result)
        } catch let error as CutisError {
            try Data("\(error.code.rawValue)\n\(error.message)\n\(error.remedy)".utf8).write(to: result)
        }
    }

    private static func obey(_ order: WorkerOrder, _ environment: DistributedEnvironment) throws {
        Runtime.threads = 1
        let synchroniser = try GradientSynchroniser(environment, timeout: .seconds(order.timeout))
        // Different weights on each rank until rank 0 gives out its own.
        let run = try DistributedRun(seed: 5 + UInt64(environment.rank))
        let checkpoint = order.folder.appendingPathComponent("checkpoint")
        var first = 0
        if order.resumes {
            try run.load(checkpoint)
            first = Int(try String(contentsOf: order.folder.appendingPathComponent("step"), encoding: .utf8)) ?? 0
        }
        try synchroniser.checkEqual(["steps": "\(DistributedRun.steps)"], parameters: run.parameters)
        try synchroniser.broadcast(run.state)
        for number in first..<DistributedRun.steps {
            if number == order.losesRankBefore, environment.rank == 1 { kill(getpid(), order.signal) }
            try run.step(number, synchroniser)
            if environment.isMain, number % 3 == 2 {
                try run.save(checkpoint)
                try Data("\(number + 1)".utf8).write(to: order.folder.appendingPathComponent("step"))
            }
        }
        try run.save(order.folder.appendingPathComponent("weights-\(environment.rank)"))
        try synchroniser.barrier()
    }
}
