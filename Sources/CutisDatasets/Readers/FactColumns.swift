import CutisCore
import CutisFormats

/// The columns of a table by what they mean, under the names that the field's data sets use.
struct FactColumns {
    /// Names of the column with the image, best first.
    static let image = [
        "image", "image_id", "image_path", "image_name", "filename", "file_name", "file", "filepath", "path", "img",
        "isic_id", "md5hash",
    ]
    /// Names of the column with the label.
    static let label = ["label", "binary_label", "dx", "diagnosis", "class", "target", "category"]
    /// Names of the column with the text of a pair.
    static let text = ["text", "caption", "title", "description"]
    static let split = ["split", "set"]
    private static let patient = ["patient_id", "patient"]
    private static let lesion = ["lesion_id", "lesion"]
    private static let age = ["age", "age_approx"]
    private static let sex = ["sex", "gender", "sex_at_birth"]
    private static let site = [
        "site", "localization", "anatom_site_general", "anatom_site_general_challenge", "body_site", "region",
    ]
    private static let fitzpatrick = [
        "fitzpatrick", "fitzpatrick_skin_type", "fitzpatrick_scale", "fitspatrick", "skin_type",
    ]

    private let patient: Int?
    private let lesion: Int?
    private let age: Int?
    private let sex: Int?
    private let site: Int?
    private let fitzpatrick: Int?
    private let other: [Int]
    private let names: [String]

    /// - Parameter used: columns that are no facts: the image, the label, the split.
    init(_ columns: [String], used: Set<Int>) {
        patient = Self.position(of: Self.patient, in: columns)
        lesion = Self.position(of: Self.lesion, in: columns)
        age = Self.position(of: Self.age, in: columns)
        sex = Self.position(of: Self.sex, in: columns)
        site = Self.position(of: Self.site, in: columns)
        fitzpatrick = Self.position(of: Self.fitzpatrick, in: columns)
        let taken = used.union([patient, lesion, age, sex, site, fitzpatrick].compactMap { $0 })
        // A column without a name is the row number that pandas writes.
        other = columns.indices.filter { !taken.contains($0) && !columns[$0].isEmpty }
        names = columns
    }

    /// The first column that has one of the names, whatever its case.
    static func position(of names: [String], in columns: [String]) -> Int? {
        let lowered = columns.map { $0.lowercased() }
        return names.lazy.compactMap { lowered.firstIndex(of: $0) }.first
    }

    /// The first column of a table that has one of the names.
    ///
    /// - Throws: `.dataInvalid` that lists the columns that there are.
    static func required(_ names: [String], in table: CSVTable) throws(CutisError) -> Int {
        if let column = position(of: names, in: table.columns) { return column }
        return try table.column(names[0])
    }

    /// The facts of one row.
    func facts(_ row: [String], limits: DatasetLimits) throws(RowFault) -> SampleFacts {
        var facts = SampleFacts()
        facts.patientID = try known(patient, row, limits)
        facts.lesionID = try known(lesion, row, limits)
        facts.sex = try known(sex, row, limits)?.lowercased()
        facts.site = try known(site, row, limits)
        if let text = try known(age, row, limits) {
            guard let years = Double(text), (0...150).contains(years) else {
                throw RowFault("the age \(quoted(text)) is not a number of years")
            }
            facts.age = years
        }
        if let text = try known(fitzpatrick, row, limits) { facts.fitzpatrick = try Self.skinType(text) }
        for column in other where !row[column].isEmpty {
            guard row[column].utf8.count <= limits.maximumFieldBytes else {
                throw RowFault("the field '\(names[column])' has more than \(limits.maximumFieldBytes) bytes")
            }
            facts.other[names[column]] = row[column]
        }
        return facts
    }

    private func known(_ column: Int?, _ row: [String], _ limits: DatasetLimits) throws(RowFault) -> String? {
        guard let column else { return nil }
        let text = row[column]
        guard text.utf8.count <= 1024 else { throw RowFault("the field '\(names[column])' has more than 1024 bytes") }
        return Self.isUnknown(text) ? nil : text
    }

    /// Whether a field says that nothing is known.
    static func isUnknown(_ text: String) -> Bool {
        // Most fields are longer than every such word.
        guard text.utf8.count <= 7 else { return false }
        return ["", "unknown", "nan", "na", "n/a", "none", "null"].contains(text.lowercased())
    }

    /// `1`…`6`, `3.0`, `III`, `FST3`; −1 (as in Fitzpatrick17k), 0 and SCIN's `NONE_…` are unknown.
    private static func skinType(_ text: String) throws(RowFault) -> Int? {
        guard !text.uppercased().hasPrefix("NONE_") else { return nil }
        let roman = ["I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6]
        let bare = text.uppercased().hasPrefix("FST") ? String(text.dropFirst(3)) : text
        if let value = roman[bare.uppercased()] { return value }
        guard let number = Double(bare), number == number.rounded(), (-1...6).contains(number) else {
            throw RowFault("the Fitzpatrick type \(quoted(text)) is not 1 to 6")
        }
        return number > 0 ? Int(number) : nil
    }
}

extension SplitName {
    /// A part under the names that data sets use: `train`, `training`, `val`, `valid`, `validation`, `test`, `testing`.
    package init?(spelling: String) {
        switch spelling.lowercased() {
        case "train", "training": self = .train
        case "val", "valid", "validation": self = .validation
        case "test", "testing": self = .test
        default: return nil
        }
    }
}
