public import CutisCore
public import Foundation

/// The images of a data set with what is known about each, whatever file they were described in.
public struct Dataset: Sendable {
    /// What the data set was read from: a folder, a table or an archive.
    public let source: URL
    /// The classes in the order of their indices; empty where the data has no labels (image–text pairs).
    public let labels: LabelSet
    /// One entry per image, or per case where a case has several images.
    public let samples: [DatasetSample]

    /// Joins the parts; every label in `samples` must be an index of `labels`.
    public init(source: URL, labels: LabelSet, samples: [DatasetSample]) {
        self.source = source
        self.labels = labels
        self.samples = samples
    }

    /// How many samples each class has; a sample with several labels counts in each.
    public var classCounts: [Int] {
        var counts = [Int](repeating: 0, count: labels.count)
        for sample in samples { for label in sample.labels { counts[label] += 1 } }
        return counts
    }

    /// The positions of the samples in a part of the data.
    public func indices(in split: SplitName) -> [Int] {
        samples.indices.filter { samples[$0].split == split }
    }
}

/// One image or case of a data set.
public struct DatasetSample: Sendable, Hashable {
    /// A name that is unique in the data set: the path as the table gives it, or the case's identifier.
    public var id: String
    /// Where the images are, one to three for a case.
    public var images: [ImageLocation]
    /// Class indices: one for single-label data, any number for multi-label data, none where the label is unknown.
    public var labels: [Int]
    /// The weight of each entry of `labels`, adding up to 1, where readers disagreed; nil where the data gives none.
    public var labelWeights: [Double]?
    /// The part that the data itself assigns; nil where it assigns none.
    public var split: SplitName?
    /// What is known about the patient and the lesion.
    public var facts: SampleFacts
    /// The text of an image–text pair.
    public var text: String?

    /// Joins the parts.
    public init(
        id: String, images: [ImageLocation], labels: [Int], labelWeights: [Double]? = nil, split: SplitName? = nil,
        facts: SampleFacts = SampleFacts(), text: String? = nil
    ) {
        self.id = id
        self.images = images
        self.labels = labels
        self.labelWeights = labelWeights
        self.split = split
        self.facts = facts
        self.text = text
    }
}

/// What is known about a sample's patient and lesion; nil is "unknown", never a default.
public struct SampleFacts: Sendable, Hashable, Codable {
    /// Identifies the patient within the data set.
    public var patientID: String?
    /// Identifies the lesion within the data set.
    public var lesionID: String?
    /// Age in years.
    public var age: Double?
    /// As the data gives it, in lower case, such as `female`.
    public var sex: String?
    /// The place on the body, as the data gives it.
    public var site: String?
    /// Fitzpatrick skin type, 1…6.
    public var fitzpatrick: Int?
    /// All other columns by their names; empty fields are left out.
    public var other: [String: String]

    /// Joins the facts.
    public init(
        patientID: String? = nil, lesionID: String? = nil, age: Double? = nil, sex: String? = nil,
        site: String? = nil, fitzpatrick: Int? = nil, other: [String: String] = [:]
    ) {
        self.patientID = patientID
        self.lesionID = lesionID
        self.age = age
        self.sex = sex
        self.site = site
        self.fitzpatrick = fitzpatrick
        self.other = other
    }
}

/// Where an image's pixels are.
public enum ImageLocation: Sendable, Hashable {
    /// An image file.
    case file(URL)
    /// An image of a MedMNIST archive: the array's name and the position in it.
    case array(archive: URL, name: String, index: Int)
}

/// A part of a data set.
public enum SplitName: String, Sendable, Hashable, Codable, CaseIterable {
    /// Weights are fitted on it.
    case train
    /// Epochs, thresholds and hyper-parameters are chosen on it.
    case validation
    /// Chooses nothing; it measures.
    case test
}
