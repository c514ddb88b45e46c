import CutisCore
import CutisFormats
import CutisImaging
import CutisInference
import CutisModels
import CutisService
import CutisTensor
import Foundation

/// Loads bundles for the service: every file is compared with its hash, every replica reproduces the golden case.
struct BundleLoader: ModelLoading {
    /// Device, precision, and the threads of one replica; nil shares the cores among the replicas.
    let options: LoadOptions
    let check: ImageQualityCheck
    let limits: DecodeLimits
    /// The installation's own rules for lesions, in place of each classifier's.
    let rules: Recommendations?
    var cores = ProcessInfo.processInfo.activeProcessorCount

    /// Activations, the batch and what the libraries keep per thread, beside the weights.
    private static let workspace = 48 << 20

    func memoryEstimate(_ bundle: URL) throws -> Int {
        let bundle = try ModelBundle(bundle)
        let archive = try TensorArchives.open(bundle.file(BundleLayout.weights))
        var numbers = archive.tensors.values.reduce(0) { $0 + $1.elementCount }
        if bundle.manifest.head != nil {
            numbers += try TensorArchives.open(bundle.file(BundleLayout.headWeights)).tensors.values
                .reduce(0) { $0 + $1.elementCount }
        }
        // The packed weights, and the plain ones that an explanation computes with.
        let packed = numbers * Self.bytes(of: options.precision ?? bundle.manifest.precision ?? .fp32)
        let plain = bundle.manifest.task == .classification ? numbers * 4 : 0
        return packed + plain + Self.workspace
    }

    func load(_ url: URL, replicas: Int) async throws -> [any ServedModel] {
        let bundle = try ModelBundle(url)
        guard bundle.manifest.golden != nil else {
            throw CutisError(
                .bundleInvalid,
                "The bundle \(url.path) has no golden case, so that nobody knows whether it works here.",
                remedy: "Import the model again; the service runs only what proves itself on this machine.")
        }
        // A rule that no answer reaches, or a class without one, shows before a patient does.
        let own = bundle.manifest.task == .classification ? rules : nil
        try (own ?? bundle.recommendations)?.validate(
            labels: bundle.manifest.labels, thresholds: bundle.manifest.thresholds,
            name: own == nil ? bundle.file(BundleLayout.recommendations).path : "recommendations.file")
        var options = options
        options.threads = try threads(replicas: replicas)
        let memory = try memoryEstimate(url)
        let hash = try FileDigest.sha256(of: bundle.file(BundleLayout.manifest)).sha256
        var models: [any ServedModel] = []
        for index in 0..<replicas {
            // The files were compared with their hashes for the first replica.
            options.checksFiles = index == 0
            let host = try await ModelHost.load(bundle, options: options)
            _ = try await BundleVerification.run(host, of: bundle)
            try await Self.warmUp(host)
            let precision = try await host.run { $0.precision }
            let facts = Self.facts(of: bundle, hash: hash, precision: precision, memory: memory)
            models.append(HostedModel(host, facts: facts, check: check, limits: limits))
        }
        return models
    }

    /// The allocator would keep a model's memory for later; a service has better use for it.
    func released() { Runtime.releaseUnusedMemory() }

    /// Sends a whole screening case through: the first pass of a size makes its kernels and touches its memory, and no
    /// patient should wait for that. Classifiers take milliseconds.
    private static func warmUp(_ host: ModelHost) async throws {
        guard host.manifest.task == .screening, let size = host.manifest.preprocessing.outputSize else { return }
        let picture = try PixelBuffer(
            width: size.width, height: size.height, channels: 3,
            pixels: [UInt8](repeating: 128, count: size.width * size.height * 3))
        let image = try PreparedImage(picture, name: "warm-up", recipe: host.manifest.preprocessing)
        let images = Array(repeating: image, count: AnalysisLimits.screeningImages)
        _ = try await ModelBatch(host).answer([BatchPart(.screening, images: images)])
    }

    /// How many threads each replica gets.
    ///
    /// Replicas × threads never exceed the cores: OpenMP keeps a pool for each replica's thread.
    func threads(replicas: Int) throws(CutisError) -> Int {
        let share = max(cores / max(replicas, 1), 1)
        let threads = options.threads ?? share
        guard replicas * threads <= max(cores, replicas) else {
            throw CutisError(
                .configInvalid,
                "\(replicas) replicas of \(threads) threads need \(replicas * threads) cores, and there are \(cores).",
                remedy: "Lower models.replicas or models.threads.")
        }
        return threads
    }

    private static func bytes(of precision: Precision) -> Int {
        switch precision {
        case .fp32: 4
        case .fp16, .bf16: 2
        case .int8: 1
        }
    }

    private static func facts(
        of bundle: ModelBundle, hash: String, precision: Precision, memory: Int
    ) -> ModelFacts {
        let manifest = bundle.manifest
        let size = manifest.preprocessing.outputSize
        let (task, family): (ModelFacts.Task, String)
        switch manifest.task {
        case .classification: task = .classification
        case .screening: task = .screening
        case .embedding: task = .embedding
        }
        switch manifest.architecture {
        case .visionTransformer: family = "vit"
        case .resNet: family = "resnet"
        }
        return ModelFacts(
            identity: manifest.identity, task: task, hash: hash, labels: manifest.labels,
            thresholds: manifest.thresholds, temperature: manifest.temperature, intendedUse: manifest.intendedUse,
            family: family, precision: precision.rawValue,
            inputShape: [manifest.architecture.channels, size?.height ?? -1, size?.width ?? -1],
            embeddingWidth: manifest.architecture.featureWidth, memoryBytes: memory,
            recommendations: bundle.recommendations, riskCalibration: bundle.riskCalibration)
    }
}

/// Cleans and shrinks images for the service.
struct MetadataCleaner: ImageCleaning {
    let cleaner: ImageCleaner

    func clean(_ data: Data) throws -> (data: Data, mediaType: String) {
        let clean = try cleaner.clean(data, name: "The image")
        return (clean.data, clean.mediaType)
    }

    func thumbnail(_ data: Data, side: Int) throws -> Data {
        try Thumbnail.encode(data, name: "The image", side: side, limits: cleaner.limits)
    }
}
