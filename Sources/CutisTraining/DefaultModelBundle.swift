import CutisCore
import CutisInference
import CutisModels
public import Foundation

/// Makes the bundle of a trained default model.
public enum DefaultModelBundle {
    /// Writes a bundle from the folder that `DefaultModelTrainer.run` filled.
    ///
    /// - Parameters:
    ///   - run: the folder with `weights.safetensors`, `metrics.json`, `training.json` and `MODEL_CARD.md`.
    ///   - recommendations: the rules file that the bundle takes along.
    ///   - output: the bundle to make; it must not exist, or be empty.
    /// - Throws: `CutisError`: `.bundleInvalid` for a run folder that is not complete, and what `BundleWriter` throws.
    public static func write(run: URL, recommendations: URL, to output: URL) throws {
        let record: TrainingRecord = try read(run.appendingPathComponent("training.json"))
        let metrics: ModelMetrics = try read(run.appendingPathComponent("metrics.json"))
        let card = try String(contentsOf: run.appendingPathComponent("MODEL_CARD.md"), encoding: .utf8)
        let manifest = BundleManifest(
            id: "cutis-dermoscopy", version: "1.0.0", task: .classification,
            architecture: .resNet(record.configuration.architecture), preprocessing: record.recipe,
            activation: .softmax, labels: .ham10000, thresholds: ["mel": metrics.melanomaThreshold],
            temperature: metrics.temperature,
            intendedUse: "Research and trying the software, on dermoscopic images of pigmented lesions. Not a medical "
                + "device; a clinician decides.",
            licence: "CC BY-NC 4.0 (from HAM10000): research only, with attribution.",
            trainingData: "HAM10000 (Tschandl et al. 2018), one image per lesion, lesion-disjoint split; see the card.")
        try BundleWriter.write(
            manifest, to: output, modelCard: card, recommendations: Data(contentsOf: recommendations)
        ) { folder in
            try FileManager.default.copyItem(
                at: run.appendingPathComponent("weights.safetensors"),
                to: folder.appendingPathComponent(BundleLayout.weights))
        }
    }

    private static func read<Value: Decodable>(_ url: URL) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(contentsOf: url))
        } catch {
            throw CutisError(
                .bundleInvalid, "\(url.path) is not what a training leaves behind (\(error)).",
                remedy: "Train again with `cutis train`.")
        }
    }
}
