public import CutisCore
public import Foundation

/// One labelled image and what is known about its lesion and patient.
public struct LesionImage: Sendable, Hashable {
    /// The image's name in the table, without folder and ending.
    public let name: String
    /// The file.
    public let url: URL
    /// The class, an index into the label set.
    public let label: Int
    /// The lesion; images of one lesion never come into different splits.
    public let lesion: String
    /// The patient's age in years, or nil.
    public let age: Double?
    /// `male`, `female`, or nil.
    public let sex: String?
    /// The body site, or nil.
    public let site: String?
    /// The collection or camera the image is from, or nil.
    public let source: String?

    /// Joins an image and its facts.
    public init(
        name: String, url: URL, label: Int, lesion: String, age: Double? = nil, sex: String? = nil,
        site: String? = nil, source: String? = nil
    ) {
        self.name = name
        self.url = url
        self.label = label
        self.lesion = lesion
        self.age = age
        self.sex = sex
        self.site = site
        self.source = source
    }
}

/// Labelled images of skin lesions.
public struct LesionDataset: Sendable {
    /// The images in the order of the table.
    public let images: [LesionImage]
    /// The classes.
    public let labels: LabelSet

    /// Joins images and their label set.
    public init(images: [LesionImage], labels: LabelSet) {
        self.images = images
        self.labels = labels
    }

    /// Reads a folder in the form of HAM10000: `labels.csv` with the columns `image`, `dx`, `lesion_id` (and
    /// optionally `age`, `sex`, `localization`, `source`), and the files `images/NAME.jpg`.
    ///
    /// - Throws: `.dataInvalid` for a label outside `labels`, an image named twice, one lesion under two labels, or a
    ///   class without images; `.fileNotFound` for a missing table or image, with its name.
    public init(ham10000 folder: URL, labels: LabelSet = .ham10000) throws(CutisError) {
        let table = try CSVTable(folder.appendingPathComponent("labels.csv"))
        let nameColumn = try table.column("image")
        let labelColumn = try table.column("dx")
        let lesionColumn = try table.column("lesion_id")
        let optional = ["age", "sex", "localization", "source"].map { name in
            table.columns.firstIndex(of: name)
        }
        var images: [LesionImage] = []
        var names: Set<String> = []
        var labelOfLesion: [String: Int] = [:]
        for (index, row) in table.rows.enumerated() {
            let name = row[nameColumn]
            guard !name.isEmpty, !name.contains("/"), names.insert(name).inserted else {
                throw Self.invalid(
                    "row \(index + 1) of labels.csv names the image '\(name)', which is twice or no name")
            }
            guard let label = labels.index(of: row[labelColumn]) else {
                let known = labels.labels.map(\.id).joined(separator: ", ")
                throw Self.invalid("'\(row[labelColumn])' of image \(name) is not one of the labels \(known)")
            }
            let lesion = row[lesionColumn]
            if let other = labelOfLesion.updateValue(label, forKey: lesion), other != label {
                throw Self.invalid("the lesion \(lesion) has two labels")
            }
            let url = folder.appendingPathComponent("images/\(name).jpg")
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw CutisError(
                    .fileNotFound, "The image \(url.path) of labels.csv is missing.",
                    remedy: "Complete the folder or remove the row.")
            }
            let facts = optional.map { column in column.flatMap { Self.known(row[$0]) } }
            images.append(
                LesionImage(
                    name: name, url: url, label: label, lesion: lesion, age: facts[0].flatMap(Double.init),
                    sex: facts[1], site: facts[2], source: facts[3]))
        }
        self.init(images: images, labels: labels)
        for (label, count) in counts.enumerated() where count == 0 {
            throw Self.invalid("the class '\(labels.labels[label].id)' has no image")
        }
    }

    /// How many images each class has.
    public var counts: [Int] {
        var counts = [Int](repeating: 0, count: labels.count)
        for image in images { counts[image.label] += 1 }
        return counts
    }

    private static func known(_ text: String) -> String? {
        text.isEmpty || text == "unknown" ? nil : text
    }

    private static func invalid(_ reason: String) -> CutisError {
        CutisError(.dataInvalid, "The data cannot be trained on: \(reason).", remedy: "Correct the table.")
    }
}
