import CutisCore
import CutisDatasets
import Foundation
import Testing

@Suite("Dataset")
struct DatasetTests {
    @Test("classes are counted once per label, and a split selects its samples")
    func countsAndSplits() {
        let labels = LabelSet([DiagnosisLabel(id: "a", label: "A"), DiagnosisLabel(id: "b", label: "B")])
        let samples = [
            DatasetSample(id: "1", images: [], labels: [0, 1], split: .train),
            DatasetSample(id: "2", images: [], labels: [1], split: .test),
            DatasetSample(id: "3", images: [], labels: []),
        ]
        let dataset = Dataset(source: URL(fileURLWithPath: "/x"), labels: labels, samples: samples)
        #expect(dataset.classCounts == [1, 2])
        #expect(dataset.indices(in: .test) == [1])
        #expect(dataset.indices(in: .validation).isEmpty)
    }
}
