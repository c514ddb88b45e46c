public import CutisCore
import CutisFormats
package import CutisModels
import CutisTensor
public import Foundation

/// A model on disk: a folder with `bundle.json`, weights, a model card and a golden case.
public struct ModelBundle: Sendable {
    /// The folder.
    public let url: URL
    /// What `bundle.json` says.
    public let manifest: BundleManifest
    /// What to recommend for which answer, where the bundle has rules.
    public let recommendations: Recommendations?
    /// How often the watched class was really there among the calibration images, where the bundle has counts.
    public let riskCalibration: RiskCalibration?

    /// Reads and checks the manifest, not yet the weights.
    ///
    /// - Throws: `CutisError`: `.fileNotFound`, `.bundleInvalid` with the key that is wrong.
    public init(_ url: URL) throws(CutisError) {
        self.url = url
        let manifestURL = url.appendingPathComponent(BundleLayout.manifest)
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw CutisError(
                .fileNotFound, "There is no bundle at \(url.path).",
                remedy: "Check the path, or make a bundle with `cutis import`.")
        }
        guard FileManager.default.fileExists(atPath: manifestURL.path) else {
            throw CutisError(
                .bundleInvalid, "\(url.path) is not a model bundle: it has no \(BundleLayout.manifest).",
                remedy: "Give a folder that `cutis import` made, or import the checkpoint first.")
        }
        manifest = try Self.decode(BundleManifest.self, at: manifestURL)
        recommendations = try manifest.files[BundleLayout.recommendations].map { _ throws(CutisError) in
            try Self.decode(Recommendations.self, at: url.appendingPathComponent(BundleLayout.recommendations))
        }
        riskCalibration = try manifest.files[BundleLayout.calibration].map { _ throws(CutisError) in
            try Self.decode(RiskCalibration.self, at: url.appendingPathComponent(BundleLayout.calibration))
        }
        try checkManifest()
    }

    private init(_ bundle: ModelBundle, manifest: BundleManifest) {
        (url, recommendations, riskCalibration) = (bundle.url, bundle.recommendations, bundle.riskCalibration)
        self.manifest = manifest
    }

    /// The same bundle with another plan: its weights are quantised when it is loaded.
    package func quantised(by plan: QuantisationPlan) -> ModelBundle {
        var manifest = manifest
        manifest.quantisation = plan
        return ModelBundle(self, manifest: manifest)
    }

    /// The place of a file of this bundle.
    public func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    /// Compares every file with its recorded size and SHA-256.
    ///
    /// - Throws: `CutisError`: `.bundleInvalid` (missing files, all listed), `.bundleHashMismatch` (all listed).
    public func checkFiles() throws(CutisError) {
        let names = manifest.files.keys.sorted()
        let missing = names.filter { !FileManager.default.fileExists(atPath: file($0).path) }
        guard missing.isEmpty else {
            throw CutisError(
                .bundleInvalid, "The bundle \(url.path) lacks \(missing.joined(separator: ", ")).",
                remedy: "Copy the bundle again, or import the model again.")
        }
        var changed: [String] = []
        for name in names where try FileDigest.sha256(of: file(name)) != manifest.files[name] { changed.append(name) }
        guard changed.isEmpty else {
            throw CutisError(
                .bundleHashMismatch,
                "The bundle \(url.path) is not what was published: \(changed.joined(separator: ", ")) "
                    + "differs from its recorded SHA-256.",
                remedy: "Copy the bundle again, or import the model again; do not use it as it is.")
        }
    }

    /// Decodes a JSON file of a bundle, with the key in the error.
    static func decode<Value: Decodable>(_ type: Value.Type, at url: URL) throws(CutisError) -> Value {
        let limit = 16 << 20
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            guard data.count <= limit else {
                throw CutisError(
                    .bundleInvalid, "\(url.path) is larger than \(limit >> 20) MB.",
                    remedy: "Import the model again.")
            }
            return try JSONDecoder().decode(type, from: data)
        } catch let error as CutisError {
            throw error
        } catch let error as DecodingError {
            throw CutisError(
                .bundleInvalid, "\(url.path) is not valid: \(Self.explain(error)).",
                remedy: "Import the model again, or correct the file (docs/model-bundle.md).")
        } catch {
            throw CutisError(
                .fileUnreadable, "Cannot read \(url.path) (\(error.localizedDescription)).",
                remedy: "Check the path and its permissions.")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (key.map { [$0] } ?? [])
            return keys.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context, key)) is missing"
        case .typeMismatch(_, let context): return "\(path(context)) has the wrong type (\(context.debugDescription))"
        case .valueNotFound(_, let context): return "\(path(context)) is null"
        case .dataCorrupted(let context):
            let place = path(context)
            return (place.isEmpty ? "" : place + ": ") + context.debugDescription
        @unknown default: return "\(error)"
        }
    }

    private func checkManifest() throws(CutisError) {
        func invalid(_ what: String) -> CutisError {
            CutisError(
                .bundleInvalid, "\(url.path)/\(BundleLayout.manifest): \(what).",
                remedy: "Import the model again, or correct the file (docs/model-bundle.md).")
        }
        guard manifest.format == BundleManifest.currentFormat else {
            throw invalid("format \(manifest.format) is not \(BundleManifest.currentFormat), the one this build reads")
        }
        for name in manifest.files.keys where name.hasPrefix("/") || name.split(separator: "/").contains("..") {
            throw invalid("the file name \(name) leaves the bundle")
        }
        for name in manifest.golden?.images ?? [] where manifest.files[name] == nil {
            throw invalid("the golden image \(name) is not in `files`")
        }
        guard manifest.files[BundleLayout.weights] != nil else {
            throw invalid("`files` does not name \(BundleLayout.weights), so the bundle has no weights")
        }
        guard manifest.temperature.isFinite, manifest.temperature > 0 else {
            throw invalid("temperature \(manifest.temperature) is not positive")
        }
        for (id, threshold) in manifest.thresholds {
            guard manifest.labels.index(of: id) != nil else { throw invalid("the threshold \(id) is no label") }
            guard (0...1).contains(threshold) else { throw invalid("the threshold of \(id) is not within 0…1") }
        }
        let ids = manifest.labels.labels.map(\.id)
        guard Set(ids).count == ids.count else { throw invalid("a label id occurs twice") }
        if manifest.task != .embedding, ids.isEmpty { throw invalid("`labels` is empty") }
        if manifest.task == .screening, manifest.head == nil { throw invalid("a screening bundle needs `head`") }
        if let plan = manifest.quantisation {
            try manifest.architecture.validate()
            let layers = Set(manifest.architecture.quantisableLayers)
            for (layer, input) in plan.inputs {
                guard layers.contains(layer) else { throw invalid("`quantisation` names \(layer), which no layer is") }
                guard input.scale.isFinite, input.scale > 0, (0...255).contains(input.zero) else {
                    throw invalid("the quantisation of \(layer) is impossible")
                }
            }
        }
    }
}
