public import CutisCore
public import Foundation

/// What the service knows of a model without touching it.
public struct ModelFacts: Sendable {
    /// What the model answers.
    public enum Task: String, Sendable, Hashable {
        case classification, screening, embedding
    }

    /// Its name and version.
    public var identity: ModelIdentity
    /// What it answers.
    public var task: Task
    /// SHA-256 of the bundle's manifest in hexadecimal; the manifest holds the hashes of all files.
    public var hash: String
    /// Its classes, in the order of its outputs.
    public var labels: LabelSet
    /// A threshold per label id, where the bundle has one.
    public var thresholds: [String: Double]
    /// The temperature by which the bundle calibrates, 1 where it does not.
    public var temperature: Double
    /// What it is for and not for, to show with each answer.
    public var intendedUse: String
    /// What the model is, such as `resnet` or `vit`.
    public var family: String
    /// The precision in which it computes.
    public var precision: String
    /// The model's input, channels × height × width.
    public var inputShape: [Int]
    /// The length of an embedding.
    public var embeddingWidth: Int
    /// About how much memory one replica takes, in bytes.
    public var memoryBytes: Int
    /// What to recommend for which answer; nil where the bundle has no rules.
    public var recommendations: Recommendations?
    /// Counts of the calibration set, from which intervals are made; nil where the bundle has none.
    public var riskCalibration: RiskCalibration?

    /// Joins the facts.
    public init(
        identity: ModelIdentity, task: Task, hash: String, labels: LabelSet, thresholds: [String: Double],
        temperature: Double, intendedUse: String, family: String, precision: String, inputShape: [Int],
        embeddingWidth: Int, memoryBytes: Int, recommendations: Recommendations?,
        riskCalibration: RiskCalibration? = nil
    ) {
        self.identity = identity
        self.task = task
        self.hash = hash
        self.labels = labels
        self.thresholds = thresholds
        self.temperature = temperature
        self.intendedUse = intendedUse
        self.family = family
        self.precision = precision
        self.inputShape = inputShape
        self.embeddingWidth = embeddingWidth
        self.memoryBytes = memoryBytes
        self.recommendations = recommendations
        self.riskCalibration = riskCalibration
    }
}

/// An image that is ready for a model: decoded, judged and resized, off the model's own thread.
public protocol PreparedInput: Sendable {
    /// How fit the photo is.
    var quality: ImageQuality { get }
    /// Width and height of the photo as it was decoded, turned upright.
    var size: (width: Int, height: Int) { get }
}

/// What one request wants of a model; its images go through the model together.
public struct ModelRequest: Sendable {
    /// What is wanted of the images.
    public enum Output: Sendable, Hashable {
        /// The probability of each class, for each image.
        case classes
        /// The probability of each class for all images as one case.
        case screening
        /// The features of each image.
        case embeddings
    }

    /// What is wanted.
    public var output: Output
    /// 1 or more images; a screening case has 1–3.
    public var inputs: [any PreparedInput]

    /// Makes a request.
    public init(_ output: Output, inputs: [any PreparedInput]) {
        self.output = output
        self.inputs = inputs
    }
}

/// What a model says to one request.
public enum ModelAnswer: Sendable {
    /// One row of probabilities for each image, in the order of the labels.
    case classes([[Double]])
    /// The probabilities of the case in the order of the labels, and the share of attention of each image.
    case screening(probabilities: [Double], attention: [Double]?)
    /// One vector for each image.
    case embeddings([[Float]])
}

/// One replica of a model as the service sees it. The wiring of the command line implements it over `ModelHost`.
public protocol ServedModel: Sendable {
    /// What is known of the model.
    var facts: ModelFacts { get }

    /// Decodes, judges and resizes an image; many at a time, beside the model.
    ///
    /// - Parameters:
    ///   - data: the file as it was sent; hostile until decoded within limits.
    ///   - name: what the image is called in errors, never a patient's name.
    ///   - keepsPicture: whether `explain` will be asked for it.
    func prepare(_ data: Data, name: String, keepsPicture: Bool) async throws -> any PreparedInput

    /// Answers several requests in one pass; the answers are in the order of the requests.
    func answer(_ requests: [ModelRequest]) async throws -> [ModelAnswer]

    /// Where the model looked for one class.
    ///
    /// - Returns: the heat map over the photo and the heat map alone, as PNG.
    func explain(_ input: any PreparedInput, classIndex: Int) async throws -> ExplanationImages
}

/// The pictures of an explanation, PNG.
public struct ExplanationImages: Sendable {
    /// The photo under the heat map, half transparent.
    public var overlay: Data
    /// The heat map alone, of the photo's size.
    public var map: Data
    /// The method, such as `grad-cam` or `attention-rollout`.
    public var method: String

    /// Joins the pictures.
    public init(overlay: Data, map: Data, method: String) {
        self.overlay = overlay
        self.map = map
        self.method = method
    }
}

/// Loads bundles for the service; the wiring of the command line implements it.
public protocol ModelLoading: Sendable {
    /// About how much memory a replica of the bundle will take, in bytes, without loading it.
    func memoryEstimate(_ bundle: URL) throws -> Int

    /// Loads a bundle and reproduces its golden case on this machine.
    ///
    /// - Parameter replicas: how many models of equal weights, each on a thread of its own.
    /// - Throws: `CutisError` as `cutis verify`; a bundle that fails its golden case is refused.
    func load(_ bundle: URL, replicas: Int) async throws -> [any ServedModel]

    /// Called when the last request of an unloaded model has ended and its memory is free.
    func released()
}

extension ModelLoading {
    /// Does nothing.
    public func released() {}
}

/// What becomes of image files outside of a model.
public protocol ImageCleaning: Sendable {
    /// The file without EXIF, XMP, IPTC, comments and thumbnails; the orientation is kept.
    func clean(_ data: Data) throws -> (data: Data, mediaType: String)

    /// A small JPEG of the image for lists, its longer side at most `side` pixels.
    func thumbnail(_ data: Data, side: Int) throws -> Data
}
