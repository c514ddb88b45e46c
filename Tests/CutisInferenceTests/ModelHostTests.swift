import CutisCore
import CutisImaging
import CutisInference
import Foundation
import Testing

@Suite struct ModelHostTests {
    @Test func manyCallersGetTheSameAnswersAsOne() async throws {
        try await withBundle { url in
            let bundle = try ModelBundle(url)
            let classifier = try await Classifier(bundle, options: LoadOptions(threads: 1))
            let pictures = try (0..<4).map { variant in
                try PreparedImage(
                    SyntheticLesion.render(width: 64, height: 48, variant: variant), name: "\(variant)",
                    recipe: bundle.manifest.preprocessing)
            }
            var alone: [[Double]] = []
            for picture in pictures { alone.append(try await probabilities(classifier, picture)) }
            let expected = alone
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<40 {
                    group.addTask {
                        let index = round % pictures.count
                        let answer = try await probabilities(classifier, pictures[index])
                        #expect(answer == expected[index])
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aBatchGivesTheAnswersOfItsImages() async throws {
        try await withBundle("vision/torchvision-resnet18/resnet.pth") { url in
            let bundle = try ModelBundle(url)
            let classifier = try await Classifier(bundle)
            let pictures = try (0..<3).map { variant in
                try PreparedImage(
                    SyntheticLesion.render(variant: variant), name: "\(variant)", recipe: bundle.manifest.preprocessing)
            }
            let together = try await classifier.classify(pictures)
            for (picture, answer) in zip(pictures, together) {
                let alone = try await probabilities(classifier, picture)
                let batched = inOrder(answer)
                for (a, b) in zip(alone, batched) { #expect(abs(a - b) < 1e-5) }
            }
        }
    }

    @Test func cudaThatIsNotThereIsSaidSo() async throws {
        try await withBundle { url in
            let error = await #expect(throws: CutisError.self) {
                try await ModelHost.load(ModelBundle(url), options: LoadOptions(device: .cuda))
            }
            #expect(error == nil || error?.code == .deviceUnavailable)
        }
    }

    @Test func anImageOfAnotherSizeIsATypedError() async throws {
        try await withBundle("vision/timm-vit") { url in
            let bundle = try ModelBundle(url)
            let classifier = try await Classifier(bundle)
            var recipe = bundle.manifest.preprocessing
            recipe.resize = .exact(width: 13, height: 13)
            recipe.centerCrop = nil
            let picture = try PreparedImage(SyntheticLesion.render(width: 40, height: 40), name: "x", recipe: recipe)
            await #expect(throws: (any Error).self) { try await classifier.classify([picture]) }
        }
    }
}

private func probabilities(_ classifier: Classifier, _ picture: PreparedImage) async throws -> [Double] {
    inOrder(try #require(await classifier.classify([picture]).first))
}

private func inOrder(_ answer: Classification) -> [Double] {
    answer.classes.sorted { $0.label.id < $1.label.id }.map(\.probability)
}
