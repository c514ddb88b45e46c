import CutisCore
import CutisImaging
import CutisStatistics
import CutisTraining
import Foundation
import Testing

@Suite("Tables, data sets and splits")
struct DataTests {
    @Test func quotedFieldsLineEndsAndBlankLines() throws {
        let text = "\u{FEFF}name,note\r\na,\"one, \"\"two\"\"\nthree\"\r\n\r\nb,\nc,\"\""
        let table = try CSVTable(text: text, path: "t.csv")
        #expect(table.columns == ["name", "note"])
        #expect(table.rows == [["a", "one, \"two\"\nthree"], ["b", ""], ["c", ""]])
    }

    @Test(arguments: [
        ("a,b\n1\n", "line 2"), ("a,b\n1,2\n1,2,3\n", "line 3"), ("a,a\n", "occurs twice"),
        ("a,b\n1,\"2\n", "never ends"),
    ])
    func brokenTablesAreRefusedWithTheirLine(_ text: String, _ reason: String) {
        let error = #expect(throws: CutisError.self) { try CSVTable(text: text, path: "t.csv") }
        #expect(error?.code == .dataInvalid)
        #expect(error?.message.contains(reason) == true)
    }

    @Test func aMissingColumnIsNamed() throws {
        let table = try CSVTable(text: "image,dx\n", path: "t.csv")
        let error = #expect(throws: CutisError.self) { try table.column("lesion_id") }
        #expect(error?.message.contains("'lesion_id' (it has image, dx)") == true)
    }

    @Test func readsTheFormOfHAM10000() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 6, side: 16)
        let dataset = try LesionDataset(ham10000: folder.url)
        #expect(dataset.counts == [6, 6, 6, 6, 6, 6, 6])
        let first = try #require(dataset.images.first)
        #expect(first.age == nil && first.sex == "female" && first.site == "back, left" && first.source == "camera0")
        #expect(dataset.images[1].age == 21)
    }

    @Test(arguments: [
        ("x,nv,L1\n", "missing"), ("a,what,L1\n", "'what'"), ("a,nv,L1\na,nv,L2\n", "twice"),
        ("a,nv,L1\nb,mel,L1\n", "two labels"), ("../a,nv,L1\n", "no name"), ("a,nv,L1\n", "has no image"),
    ])
    func dataThatCannotBeTrainedOnIsRefused(_ rows: String, _ reason: String) throws {
        let folder = try TemporaryFolder()
        let images = folder.url.appendingPathComponent("images")
        try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
        for name in ["a", "b"] { try Data().write(to: images.appendingPathComponent("\(name).jpg")) }
        try Data("image,dx,lesion_id\n\(rows)".utf8).write(to: folder.url.appendingPathComponent("labels.csv"))
        let error = #expect(throws: CutisError.self) { try LesionDataset(ham10000: folder.url) }
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    /// 7 classes of 40 images; lesions have one or two images.
    static func dataset() -> LesionDataset {
        let images = (0..<280).map { number in
            let lesion = number % 40 % 3 == 2 ? number - 1 : number
            return LesionImage(
                name: "\(number)", url: URL(fileURLWithPath: "/\(number)"), label: number / 40, lesion: "L\(lesion)")
        }
        return LesionDataset(images: images, labels: .ham10000)
    }

    @Test(arguments: [1, 2, 3, 99] as [UInt64]) func splitsAreDisjointByLesionAndStratified(_ seed: UInt64) throws {
        let dataset = Self.dataset()
        let split = try DataSplit(dataset, validationShare: 0.15, testShare: 0.2, seed: seed)
        let parts = [split.train, split.validation, split.test]
        #expect(parts.flatMap(\.self).sorted() == Array(0..<280))
        let lesions = parts.map { Set($0.map { dataset.images[$0].lesion }) }
        #expect(lesions[0].isDisjoint(with: lesions[1]) && lesions[0].isDisjoint(with: lesions[2]))
        #expect(lesions[1].isDisjoint(with: lesions[2]))
        for label in 0..<7 {
            // 27 lesions a class: 4 to validation, 5 to test.
            let perPart = parts.map { part in
                Set(part.filter { dataset.images[$0].label == label }.map { dataset.images[$0].lesion }).count
            }
            #expect(perPart == [18, 4, 5])
        }
    }

    @Test func theSplitDependsOnTheSeedAloneAndNotOnTheOrderOfRows() throws {
        let dataset = Self.dataset()
        let reversed = LesionDataset(images: dataset.images.reversed(), labels: .ham10000)
        let first = try DataSplit(dataset, validationShare: 0.15, testShare: 0.15, seed: 5)
        let second = try DataSplit(reversed, validationShare: 0.15, testShare: 0.15, seed: 5)
        let names = { (set: LesionDataset, rows: [Int]) in Set(rows.map { set.images[$0].name }) }
        #expect(names(dataset, first.test) == names(reversed, second.test))
        let other = try DataSplit(dataset, validationShare: 0.15, testShare: 0.15, seed: 6)
        #expect(other.test != first.test)
    }

    @Test(.enabled(if: SharedData.folder != nil, "needs ../shared/data or CUTIS_SHARED_DATA"))
    func theRealDataAndTheSplitOfTheShippedModel() throws {
        let folder = try #require(SharedData.folder).appendingPathComponent("ham10000")
        let dataset = try LesionDataset(ham10000: folder)
        #expect(dataset.counts == [183, 264, 583, 60, 491, 4323, 80])
        #expect(dataset.images.count { $0.age == nil } == 36)
        let configuration = DefaultModelConfiguration()
        let split = try DataSplit(
            dataset, validationShare: configuration.validationShare, testShare: configuration.testShare,
            seed: configuration.seed)
        let counts: [Int] = [split.train.count, split.validation.count, split.test.count]
        #expect(counts == [4190, 897, 897] as [Int])
        #expect(
            split.test.prefix(3).map { dataset.images[$0].name } == ["ISIC_0024311", "ISIC_0024326", "ISIC_0024329"])
    }

    @Test func tooFewLesionsAndImpossibleSharesAreRefused() throws {
        let two = LesionDataset(
            images: (0..<2).map {
                LesionImage(name: "\($0)", url: URL(fileURLWithPath: "/x"), label: 0, lesion: "L\($0)")
            }, labels: LabelSet([DiagnosisLabel(id: "a", label: "A")]))
        #expect(throws: CutisError.self) { try DataSplit(two, validationShare: 0.2, testShare: 0.2, seed: 1) }
        #expect(throws: CutisError.self) {
            try DataSplit(Self.dataset(), validationShare: 0.5, testShare: 0.5, seed: 1)
        }
    }
}
