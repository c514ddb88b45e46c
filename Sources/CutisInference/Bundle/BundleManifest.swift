public import CutisCore
public import CutisImaging
public import CutisModels
import Foundation

/// What `bundle.json` says: everything that is needed to run a model, and what a person should know about it.
///
/// The format is described in `docs/model-bundle.md`.
public struct BundleManifest: Codable, Sendable {
    /// The version of the bundle format that this build reads and writes.
    public static let currentFormat = 1

    /// What a bundle answers.
    public enum Task: String, Codable, Sendable {
        /// One image → class probabilities.
        case classification
        /// A case of 1–3 images → probabilities with thresholds.
        case screening
        /// One image → a feature vector.
        case embedding
    }

    /// What turns the model's last numbers into probabilities.
    public enum Activation: String, Codable, Sendable {
        case softmax, sigmoid
        /// The model already gives probabilities, or features.
        case identity
    }

    /// One file of the bundle as it was when the bundle was written.
    public struct FileRecord: Codable, Sendable, Hashable {
        /// The SHA-256 of the content, in hexadecimal.
        public var sha256: String
        /// The size in bytes.
        public var bytes: Int
    }

    /// The golden case: what the model must answer to the images that the bundle holds.
    public struct Golden: Codable, Sendable, Hashable {
        /// Paths of the images inside the bundle; several make one case.
        public var images: [String]
        /// The expected output: probabilities, or the first numbers of an embedding.
        public var expected: [Double]
        /// The largest accepted absolute difference.
        public var tolerance: Double
    }

    /// The bundle format; this build reads `currentFormat`.
    public var format: Int
    /// The stable name of the model, such as `cutis-dermoscopy`.
    public var id: String
    /// The semantic version of the model.
    public var version: String
    /// What the model answers.
    public var task: Task
    /// The network on one image and its numbers.
    public var architecture: ModelConfiguration
    /// The names of the weights; what Cutis writes is `cutis`.
    public var keyLayout: String
    /// The network on a case's embeddings, of screening bundles.
    public var head: MILHeadConfiguration?
    /// How an image becomes the model's input.
    public var preprocessing: PreprocessingRecipe
    /// What turns the model's last numbers into probabilities.
    public var activation: Activation
    /// The classes in the order of the outputs; empty for embeddings.
    public var labels: LabelSet
    /// A threshold per label id, where one was chosen.
    public var thresholds: [String: Double]
    /// The temperature that the logits are divided by before the activation (Guo et al. 2017); 1 changes nothing.
    public var temperature: Double
    /// Whom the model is for and whom it is not.
    public var intendedUse: String
    /// Under which licence the weights may be used.
    public var licence: String
    /// What the model was trained on, as far as it is known.
    public var trainingData: String
    /// The file or repository that the weights came from, where they were imported.
    public var source: String?
    /// What the bundle computes in unless told; nil takes int8 where it is quantised, otherwise fp32.
    public var precision: Precision?
    /// Which layers are int8, of bundles that were quantised.
    public var quantisation: QuantisationPlan?
    /// Every file of the bundle except `bundle.json` itself.
    public var files: [String: FileRecord]
    /// The self-test, where there is one.
    public var golden: Golden?

    enum CodingKeys: String, CodingKey {
        case format, id, version, task, architecture, head, preprocessing, activation, labels, thresholds, temperature
        case licence, source, precision, quantisation, files, golden
        case keyLayout = "key_layout"
        case intendedUse = "intended_use"
        case trainingData = "training_data"
    }

    /// Joins everything that a writer knows; files and golden case are recorded by `BundleWriter`.
    public init(
        id: String, version: String, task: Task, architecture: ModelConfiguration, head: MILHeadConfiguration? = nil,
        preprocessing: PreprocessingRecipe, activation: Activation, labels: LabelSet,
        thresholds: [String: Double] = [:],
        temperature: Double = 1, intendedUse: String, licence: String, trainingData: String, source: String? = nil
    ) {
        format = Self.currentFormat
        self.id = id
        self.version = version
        self.task = task
        self.architecture = architecture
        keyLayout = KeyLayout.cutis.id
        self.head = head
        self.preprocessing = preprocessing
        self.activation = activation
        self.labels = labels
        self.thresholds = thresholds
        self.temperature = temperature
        self.intendedUse = intendedUse
        self.licence = licence
        self.trainingData = trainingData
        self.source = source
        files = [:]
        golden = nil
    }

    /// The model's name and version.
    public var identity: ModelIdentity { ModelIdentity(id: id, version: version) }
}

/// The names of the files inside a bundle.
public enum BundleLayout {
    /// The manifest.
    public static let manifest = "bundle.json"
    /// The weights of the network on one image.
    public static let weights = "weights.safetensors"
    /// The weights of the network on a case's embeddings.
    public static let headWeights = "head.safetensors"
    /// The graph of a Keras head.
    public static let headGraph = "head.json"
    /// What to recommend for which answer.
    public static let recommendations = "recommendations.json"
    /// How often the watched class was really there, by its predicted probability.
    public static let calibration = "calibration.json"
    /// What a person should know about the model.
    public static let modelCard = "MODEL_CARD.md"
    /// The folder of the golden case.
    public static let golden = "golden"
}
