import CutisCore
import CutisImaging
import CutisTensor
public import Foundation

/// Writes bundles: files first, then their hashes, then the golden case that the model itself answers.
public enum BundleWriter {
    /// Writes a bundle under a temporary name, loads it once, records its golden case, and moves it into place.
    ///
    /// - Parameters:
    ///   - manifest: everything but `files` and `golden`, which this function fills in.
    ///   - output: the folder to make; it must not exist, or be empty.
    ///   - modelCard: the text of `MODEL_CARD.md`.
    ///   - recommendations: the text of `recommendations.json`, where the model has rules.
    ///   - writeWeights: writes the weights (and head) into the folder that it is given.
    ///   - review: sees the complete bundle before it gets its name. The files that it returns by name are added to
    ///     the bundle, or take the place of others; what it throws refuses the bundle.
    /// - Throws: `CutisError`: `.outputUnwritable`, `.noSpaceLeft`, and what loading the new bundle throws; in every
    ///   case nothing is left behind.
    public static func write(
        _ manifest: BundleManifest, to output: URL, modelCard: String, recommendations: Data? = nil,
        writeWeights: (URL) throws -> Void, review: (ModelBundle) throws -> [String: Data] = { _ in [:] }
    ) throws {
        try AtomicOutput.folder(output) { folder in
            try writeWeights(folder)
            try AtomicOutput.file(folder.appendingPathComponent(BundleLayout.modelCard), Data(modelCard.utf8))
            if let recommendations {
                try AtomicOutput.file(folder.appendingPathComponent(BundleLayout.recommendations), recommendations)
            }
            let images = try writeGoldenImages(manifest.task, into: folder)
            var complete = manifest
            complete.files = try records(in: folder)
            complete.golden = nil
            try write(complete, into: folder)

            let expected = try goldenAnswer(of: ModelBundle(folder), images: images)
            complete.golden = BundleManifest.Golden(images: images, expected: expected, tolerance: 1e-4)
            try write(complete, into: folder)

            let additions = try review(ModelBundle(folder))
            guard !additions.isEmpty else { return }
            for (name, data) in additions {
                let url = folder.appendingPathComponent(name)
                try AtomicOutput.file(url, data)
                complete.files[name] = try FileDigest.sha256(of: url)
            }
            try write(complete, into: folder)
        }
    }

    /// The answer in fp32, whatever the bundle's own precision: every machine has it.
    private static func goldenAnswer(of bundle: ModelBundle, images: [String]) throws -> [Double] {
        let model = try LoadedModel(
            bundle, options: LoadOptions(device: .cpu, precision: .fp32, checksFiles: false))
        return try LoadedModel.translatingErrors {
            try withoutGrad { try GoldenCase.output(of: model, images: images.map(bundle.file)) }
        }
    }

    private static func writeGoldenImages(_ task: BundleManifest.Task, into folder: URL) throws -> [String] {
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent(BundleLayout.golden), withIntermediateDirectories: true)
        return try (0..<GoldenCase.imageCount(task)).map { variant in
            let name = "\(BundleLayout.golden)/synthetic-\(variant).png"
            let picture = try SyntheticLesion.render(width: 320, height: 240, variant: variant)
            try AtomicOutput.file(folder.appendingPathComponent(name), PNGEncoder.encode(picture))
            return name
        }
    }

    private static func records(in folder: URL) throws -> [String: BundleManifest.FileRecord] {
        var records: [String: BundleManifest.FileRecord] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let url = folder.appendingPathComponent(name)
            guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            records[name] = try FileDigest.sha256(of: url)
        }
        return records
    }

    private static func write(_ manifest: BundleManifest, into folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicOutput.file(folder.appendingPathComponent(BundleLayout.manifest), try encoder.encode(manifest))
    }
}
