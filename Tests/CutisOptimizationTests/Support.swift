import CutisImaging
import CutisInference
import CutisOptimization
import CutisTensor
import Foundation
import Testing

/// A folder with a bundle of random weights and what is made of it, removed with its owner.
final class Workshop: Sendable {
    let folder: URL
    let bundle: ModelBundle

    /// - Parameter source: a checkpoint that a reference library wrote.
    init(_ source: String = "hf-vit") throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-optimise-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("CutisModelsTests/Fixtures/vision")
        let url = folder.appendingPathComponent("given")
        try BundleImporter.run(ImportRequest(source: fixtures.appendingPathComponent(source)), to: url)
        bundle = try ModelBundle(url)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var output: URL { folder.appendingPathComponent("new") }

    /// Writes pictures into a folder and gives it.
    @discardableResult
    func pictures(_ count: Int, in name: String = "images") throws -> URL {
        let url = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for variant in 0..<count {
            let picture = try SyntheticLesion.render(width: 72, height: 64, variant: variant)
            try PNGEncoder.encode(picture).write(to: url.appendingPathComponent("\(variant).png"))
        }
        return url
    }

    /// Writes a table of labels beside the folder `images` and gives it.
    func table(_ rows: [String]) throws -> URL {
        let url = folder.appendingPathComponent("labels.csv")
        try Data((["image,label"] + rows).joined(separator: "\n").utf8).write(to: url)
        return url
    }

    func request(_ precision: Precision, calibration: URL? = nil) throws -> OptimizationRequest {
        var request = OptimizationRequest(
            bundle: bundle, calibration: try calibration ?? pictures(9), precision: precision, output: output)
        request.calibrationImages = 32
        request.threads = 1
        return request
    }

    /// What lies in the folder, hidden files too.
    func names() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) }

    /// The given bundle with other weights under the same names, unhashed.
    func copy(_ name: String) throws -> ModelBundle {
        let url = folder.appendingPathComponent(name)
        try FileManager.default.copyItem(at: bundle.url, to: url)
        return try ModelBundle(url)
    }

    /// The answers of a bundle to a few pictures.
    static func answers(of bundle: ModelBundle, _ precision: Precision) throws -> ModelAnswers {
        let options = LoadOptions(device: .cpu, precision: precision, threads: 1, checksFiles: false)
        let model = try LoadedModel(bundle, options: options)
        let images = try (0..<4).map { variant in
            let picture = try SyntheticLesion.render(width: 72, height: 64, variant: variant)
            return try PreparedImage(picture, name: "\(variant)", recipe: bundle.manifest.preprocessing).input
        }
        let answer = try withoutGrad { try model.answers(images) }
        return ModelAnswers(embeddings: answer.embeddings, probabilities: answer.probabilities)
    }
}
