import CutisCore
import CutisDatasets
import CutisTraining
import Foundation
import Testing

@Suite("The data of a run")
struct TrainingDataTests {
    private func error(_ data: URL, _ overrides: [String]) -> CutisError? {
        do {
            _ = try TrainingData(SyntheticLesions.configuration(data, data, overrides))
            return nil
        } catch {
            return error as? CutisError
        }
    }

    @Test func sharesAndFoldsKeepLesionsTogether() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 24, side: 8)
        var held: [Int] = []
        for fold in 0..<3 {
            let data = try TrainingData(
                SyntheticLesions.configuration(
                    folder.url, folder.url, ["data.split={folds: 3, fold: \(fold), test: 0.2}"]))
            let lesions = SplitName.allCases.map { part in
                Set(data.rows(part).compactMap { data.sample($0).facts.lesionID })
            }
            #expect(lesions[0].isDisjoint(with: lesions[1]) && lesions[0].isDisjoint(with: lesions[2]))
            #expect(lesions[1].isDisjoint(with: lesions[2]) && lesions.allSatisfy { !$0.isEmpty })
            held += data.rows(.validation)
            #expect(data.counts(.train).allSatisfy { $0 >= 10 })
        }
        #expect(Set(held).count == held.count, "no image is in two folds")
    }

    @Test func dataThatCannotBeTrainedOnIsRefused() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 12, side: 8)
        // A label outside the set, and a class that nobody has.
        #expect(error(folder.url, ["data.labels=[mel, nv]"])?.code == .dataInvalid)
        let table = folder.url.appendingPathComponent("split.csv")
        let images = try SyntheticLesions.read(folder.url)
        let names = (0..<84).map { "SYN_\($0 / 12)_\($0 % 12)" }
        func write(_ part: (Int) -> String) throws {
            let rows = names.enumerated().map { "\($1),\(part($0))" }
            try Data(("image,split\n" + rows.joined(separator: "\n") + "\n").utf8).write(to: table)
        }
        let override = ["data.split={table: \(table.path)}"]
        #expect(images.locations.count == 84)
        // Every third lesion has two images, the second and third of each three.
        try write { $0 % 12 % 3 == 2 ? "val" : "train" }
        let leak = error(folder.url, override)
        #expect(leak?.message.contains("lesion") == true && leak?.remedy.contains("allow_leak") == true)
        #expect(error(folder.url, override + ["data.allow_leak=true"]) == nil)
        // The watched class (4 of the seven, `mel`) has one image in validation.
        try write { $0 % 12 == 0 && $0 / 12 != 4 || $0 == 48 ? "val" : "train" }
        #expect(error(folder.url, override)?.message.contains("1 images of the class 'mel'") == true)
        try write { _ in "train" }
        #expect(error(folder.url, override)?.code == .dataInvalid)
    }

    @Test(.enabled(if: SharedData.folder != nil, "needs ../shared/data or CUTIS_SHARED_DATA"))
    func theRealDataOfTheShippedModel() throws {
        let folder = try #require(SharedData.folder).appendingPathComponent("ham10000")
        let recipe = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Models/recipes/cutis-dermoscopy.yaml")
        let data = try TrainingData(TrainingConfiguration(file: recipe, overrides: ["data.path=\(folder.path)"]))
        #expect(data.images.labels.count == 5984)
        let sizes = SplitName.allCases.map { data.rows($0).count }
        #expect(sizes.reduce(0, +) == 5984 && abs(sizes[1] - 898) <= 7 && abs(sizes[2] - 898) <= 7, "\(sizes)")
        #expect(data.counts(.validation)[4] >= 70)
    }
}
