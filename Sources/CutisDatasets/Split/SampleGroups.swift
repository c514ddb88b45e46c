/// Samples that must stay together: of one patient, of one lesion, or of one image.
struct SampleGroups {
    /// The samples of each group in the order of the data set; groups are ordered by their smallest sample name, so
    /// that the order of rows decides nothing.
    let members: [[Int]]

    /// Joins samples by patient and by lesion: where both are known, by what is connected through either.
    init(_ samples: [DatasetSample]) {
        var union = UnionFind(count: samples.count)
        var patients: [String: Int] = [:]
        var lesions: [String: Int] = [:]
        var images: [ImageLocation: Int] = [:]
        for (index, sample) in samples.enumerated() {
            if let patient = sample.facts.patientID {
                union.join(index, patients[patient] ?? index)
                patients[patient] = index
            }
            if let lesion = sample.facts.lesionID {
                union.join(index, lesions[lesion] ?? index)
                lesions[lesion] = index
            }
            for image in sample.images {
                union.join(index, images[image] ?? index)
                images[image] = index
            }
        }
        let named = union.groups().map { group in
            (name: group.map { samples[$0].id }.min { Self.precedes($0, $1) } ?? "", group: group)
        }
        members = named.sorted { Self.precedes($0.name, $1.name) }.map(\.group)
    }

    private static func precedes(_ first: String, _ second: String) -> Bool {
        first.utf8.lexicographicallyPrecedes(second.utf8)
    }
}
