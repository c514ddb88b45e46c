import CutisCore
import CutisDatasets
import Foundation
import Testing

@Suite("Splitting data sets")
struct SplitTests {
    private static let shares: [SplitName: Double] = [.train: 0.7, .validation: 0.15, .test: 0.15]

    /// Patients with one to three lesions of one to four images, two classes.
    private static func dataset(_ count: Int = 600) -> Dataset {
        let samples = (0..<count).map { index in
            let lesion = index * index % 211
            return Synthetic.sample(
                "i\(index)", [lesion % 5 == 0 ? 1 : 0], patient: index % 4 == 0 ? nil : "P\(lesion / 3)",
                lesion: "L\(lesion)")
        }
        return Synthetic.dataset(samples)
    }

    private static func crossed<Part: Hashable>(_ data: Dataset, _ parts: [Part]) -> Bool {
        for fact in [\SampleFacts.patientID, \SampleFacts.lesionID] {
            var seen: [String: Part] = [:]
            for (sample, part) in zip(data.samples, parts) {
                guard let name = sample.facts[keyPath: fact] else { continue }
                if let other = seen.updateValue(part, forKey: name), other != part { return true }
            }
        }
        return false
    }

    @Test("no patient and no lesion is in two parts, and every part has every class")
    func groups() throws {
        let data = Self.dataset()
        let parts = try DatasetSplitter(seed: 3).split(data, fractions: Self.shares)
        #expect(!Self.crossed(data, parts))
        for part in SplitName.allCases {
            let labels = zip(data.samples, parts).filter { $0.1 == part }.map { $0.0.labels[0] }
            #expect(Set(labels) == [0, 1])
        }
    }

    @Test("the seed decides, the order of rows does not")
    func determinism() throws {
        let data = Self.dataset()
        let first = try DatasetSplitter(seed: 3).split(data, fractions: Self.shares)
        #expect(first == (try DatasetSplitter(seed: 3).split(data, fractions: Self.shares)))
        #expect(first != (try DatasetSplitter(seed: 4).split(data, fractions: Self.shares)))
        let reversed = Synthetic.dataset(data.samples.reversed())
        #expect(first.reversed() == (try DatasetSplitter(seed: 3).split(reversed, fractions: Self.shares)))
    }

    @Test("ungrouped samples meet the shares to the sample")
    func exactShares() throws {
        let data = Synthetic.dataset((0..<1000).map { Synthetic.sample("i\($0)", [$0 % 10 == 0 ? 1 : 0]) })
        let parts = try DatasetSplitter(seed: 1).split(data, fractions: [.train: 0.8, .validation: 0.2])
        #expect(zip(data.samples, parts).count { $0.0.labels == [1] && $0.1 == .validation } == 20)
        #expect(parts.count { $0 == .validation } == 200)
    }

    @Test("folds are grouped, stratified and complete")
    func folds() throws {
        let data = Self.dataset()
        let folds = try DatasetSplitter(seed: 0).folds(data, count: 5)
        #expect(Set(folds) == Set(0..<5))
        #expect(!Self.crossed(data, folds))
    }

    @Test("classes that are too rare are refused, or accepted where that is allowed")
    func rare() throws {
        let data = Synthetic.dataset((0..<50).map { Synthetic.sample("i\($0)", [$0 < 2 ? 1 : 0]) })
        let error = #expect(throws: CutisError.self) {
            try DatasetSplitter(seed: 0).split(data, fractions: Self.shares)
        }
        #expect(error?.code == .dataInvalid && error?.message.contains("'b' (2)") == true)
        let parts = try DatasetSplitter(seed: 0, allowsRareClasses: true).split(data, fractions: Self.shares)
        #expect(parts.count == 50)
    }

    @Test("impossible shares and folds are refused")
    func refusals() {
        let data = Self.dataset()
        for shares in [[SplitName.train: 1.0], [.train: 0.5, .test: 0.4], [.train: 1.2, .test: -0.2]] {
            #expect(throws: CutisError.self) { try DatasetSplitter(seed: 0).split(data, fractions: shares) }
        }
        #expect(throws: CutisError.self) { try DatasetSplitter(seed: 0).folds(data, count: 1) }
        #expect(throws: CutisError.self) { try DatasetSplitter(seed: 0).folds(Self.dataset(3), count: 50) }
    }

    @Test("several labels a sample: each label has its share in each part")
    func multiLabel() throws {
        let samples = (0..<900).map { index in
            Synthetic.sample("i\(index)", [0, 1, 2].filter { index % [2, 3, 5][$0] == 0 }, lesion: "L\(index / 2)")
        }
        let data = Synthetic.dataset(samples, labels: ["a", "b", "c"])
        let parts = try DatasetSplitter(seed: 9).split(data, fractions: Self.shares)
        for label in 0..<3 {
            let total = Double(data.classCounts[label])
            let share = Double(zip(samples, parts).count { $0.0.labels.contains(label) && $0.1 == .test }) / total
            #expect(abs(share - 0.15) < 0.01)
        }
    }

    @Test("a written table is read again, also to part another reading of the data")
    func table() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<40).map { "i\($0).jpg,\($0 % 2 == 0 ? "x" : "\"b, \"\"c\"\"\""),L\($0 / 2),\($0),n\n" }
        try folder.write("labels.csv", "image,label,lesion_id,age,note\n" + rows.joined())
        let data = try DatasetReader.read(folder.url)
        let split = try DatasetSplitter(seed: 5).splitting(data, fractions: Self.shares)
        let written = folder.url.appendingPathComponent("split.csv")
        try SplitTable.write(split, relativeTo: folder.url, to: written)
        #expect(try DatasetReader.read(written).samples == split.samples)
        #expect(try SplitTable(written).assigning(to: data).samples == split.samples)
        let folds = try DatasetSplitter(seed: 5).folds(data, count: 4)
        try SplitTable.write(data, folds: folds, relativeTo: folder.url, to: written)
        #expect(try SplitTable(written).folds(of: data) == folds)
        #expect(throws: CutisError.self) { try SplitTable(written).assigning(to: data) }
        #expect(throws: CutisError.self) { try SplitTable(folder.url.appendingPathComponent("labels.csv")) }
    }

    @Test("cases keep their images, weights and texts in a written table")
    func caseTable() throws {
        let folder = try TemporaryFolder()
        let samples = (0..<12).map { index in
            DatasetSample(
                id: "c\(index)",
                images: (0...index % 3).map {
                    .file(folder.url.appendingPathComponent("images/\(index)_\($0).png").standardizedFileURL)
                },
                labels: [0, 1], labelWeights: [0.75, 0.25], split: .validation,
                facts: SampleFacts(age: 30.5, fitzpatrick: 4, other: ["group": "AGE, 30"]))
        }
        for sample in samples {
            for case .file(let url) in sample.images { try folder.write("images/" + url.lastPathComponent, "x") }
        }
        let written = folder.url.appendingPathComponent("cases_split.csv")
        try SplitTable.write(Synthetic.dataset(samples), relativeTo: folder.url, to: written)
        #expect(try DatasetReader.read(written).samples == samples)
    }

    @Test(
        "HAM10000: each class has its share to half a per cent, no lesion is in two parts",
        .enabled(if: sharedData != nil, "no shared data"), arguments: [0, 1, 2] as [UInt64])
    func ham10000(_ seed: UInt64) throws {
        let url = try #require(sharedData).appendingPathComponent("metadata/HAM10000_metadata.csv")
        let data = try DatasetReader.read(url)
        let parts = try DatasetSplitter(seed: seed).split(data, fractions: Self.shares)
        #expect(!Self.crossed(data, parts))
        for (label, total) in data.classCounts.enumerated() {
            for (part, share) in Self.shares {
                let count = zip(data.samples, parts).count { $0.0.labels == [label] && $0.1 == part }
                #expect(abs(Double(count) - share * Double(total)) <= max(1, 0.005 * Double(total)))
            }
        }
        let folds = try DatasetSplitter(seed: seed).folds(data, count: 5)
        #expect(!Self.crossed(data, folds))
        for (label, total) in data.classCounts.enumerated() {
            for fold in 0..<5 {
                let count = zip(data.samples, folds).count { $0.0.labels == [label] && $0.1 == fold }
                #expect(abs(Double(count) - Double(total) / 5) <= max(1, 0.005 * Double(total)))
            }
        }
    }
}
