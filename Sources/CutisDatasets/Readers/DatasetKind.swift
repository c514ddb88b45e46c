public import CutisCore
public import Foundation

/// The forms of data sets that are read; `docs/datasets.md` describes each.
public enum DatasetKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// One folder of images per class, perhaps below `train`, `val` and `test`.
    case imageFolder = "image-folder"
    /// A table with one row per image: `image,label[,split,patient_id,…]`.
    case table = "csv"
    /// A table with one 0/1 column per class, as of the ISIC 2018 and 2019 challenges.
    case oneHot = "isic"
    /// The metadata of HAM10000: `image_id` (or `image`), `dx`, `lesion_id`, ….
    case ham10000
    /// A table with one row per case of one to three images and list-valued labels, as of SCIN.
    case cases
    /// Images with a text each, as a table or as JSON lines.
    case pairs
    /// An archive of MedMNIST (`.npz`).
    case medMNIST = "medmnist"
}

/// Bounds that a data set of unknown origin must keep.
public struct DatasetLimits: Sendable, Hashable {
    /// Rows, images or cases.
    public var maximumSamples: Int
    /// Classes.
    public var maximumLabels: Int
    /// Labels of one sample.
    public var maximumLabelsPerSample: Int
    /// Bytes of a name, a label or a table's field that is kept.
    public var maximumFieldBytes: Int

    /// Makes limits; the defaults are far above every public data set of the field.
    public init(
        maximumSamples: Int = 2_000_000, maximumLabels: Int = 10_000, maximumLabelsPerSample: Int = 256,
        maximumFieldBytes: Int = 16_384
    ) {
        self.maximumSamples = maximumSamples
        self.maximumLabels = maximumLabels
        self.maximumLabelsPerSample = maximumLabelsPerSample
        self.maximumFieldBytes = maximumFieldBytes
    }

    /// A case has one to three images, as the screening heads expect.
    public static let maximumImagesPerCase = 3
}

/// How a data set is read; the defaults recognise everything from the data itself.
public struct DatasetReadOptions: Sendable {
    /// The form of the data; nil recognises it.
    public var kind: DatasetKind?
    /// The folder that image names are relative to; nil is the folder of the table.
    public var images: URL?
    /// A second table with facts about the images, joined by the image's name; nil looks for the one that the ISIC
    /// challenges put beside the first.
    public var metadata: URL?
    /// The column that holds the label; nil takes the first that is known.
    public var labelColumn: String?
    /// The classes in their order; another label is an error. nil takes those that occur, sorted.
    public var labels: LabelSet?
    /// Keeps an image that a table names twice as two samples (the second is called `NAME#2`) instead of refusing it.
    public var keepsRepeats: Bool
    /// Bounds of hostile input.
    public var limits: DatasetLimits

    /// Makes options.
    public init(
        kind: DatasetKind? = nil, images: URL? = nil, metadata: URL? = nil, labelColumn: String? = nil,
        labels: LabelSet? = nil, keepsRepeats: Bool = false, limits: DatasetLimits = DatasetLimits()
    ) {
        self.kind = kind
        self.images = images
        self.metadata = metadata
        self.labelColumn = labelColumn
        self.labels = labels
        self.keepsRepeats = keepsRepeats
        self.limits = limits
    }
}
