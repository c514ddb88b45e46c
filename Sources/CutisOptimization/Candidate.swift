import CutisCore
import CutisInference
import CutisModels
import CutisTensor
import Foundation

/// One attempt at a new bundle.
struct Candidate {
    /// The name of the report in the bundle.
    private static let reportFile = "optimization.json"

    let session: OptimizationSession
    let baseline: OptimizationSession.Baseline
    let given: OptimizationReport.Column
    let naive: OptimizationReport.Column?
    let design: QuantisationDesign?
    let conversion: WeightConversion
    let benchmark: BundleOptimizer.Benchmark?

    private var request: OptimizationRequest { session.request }

    /// Writes the bundle under a temporary name, measures it, and gives it its name where it keeps to the budget.
    ///
    /// - Throws: `OptimizationRefusal` where it does not.
    func write() throws -> OptimizationReport {
        let card = try Self.text(of: request.bundle.file(BundleLayout.modelCard))
        var report: OptimizationReport?
        try BundleWriter.write(manifest, to: request.output, modelCard: card) { folder in
            try conversion.write(
                to: folder.appendingPathComponent(BundleLayout.weights), precision: request.precision,
                plan: design?.plan, folding: design?.folding ?? WeightFolding())
            try copyOtherFiles(to: folder)
        } review: { bundle in
            let measured = try review(bundle)
            report = measured
            return [
                Self.reportFile: Data((measured.json.text() + "\n").utf8),
                BundleLayout.modelCard: Data((card + Self.section(measured)).utf8),
            ]
        }
        guard let report else { throw CancellationError() }
        return report
    }

    /// The manifest of the new bundle: another version of the same model.
    private var manifest: BundleManifest {
        var manifest = request.bundle.manifest
        let separator = manifest.version.contains("+") ? "." : "+"
        manifest.version += separator + request.precision.rawValue
        manifest.keyLayout = KeyLayout.cutis.id
        manifest.quantisation = design?.plan
        manifest.precision = design == nil ? request.precision : nil
        return manifest
    }

    private func review(_ bundle: ModelBundle) throws -> OptimizationReport {
        let accuracy = try session.accuracy(of: bundle, baseline, request.precision.rawValue)
        let violations = request.budget.violations(accuracy, against: given.accuracy)
        // One right after the other, so that both find the machine in the same state.
        let pairs = violations.isEmpty ? [(request.bundle, Precision.fp32), (bundle, request.precision)] : []
        let speeds = try pairs.map { try benchmark?($0.url, $1) }
        let before = OptimizationReport.Column(
            name: given.name, bytes: given.bytes, performance: speeds.first ?? nil, accuracy: given.accuracy)
        let after = OptimizationReport.Column(
            name: request.precision.rawValue, bytes: bundle.weightBytes, performance: speeds.last ?? nil,
            accuracy: accuracy)
        let report = OptimizationReport(
            source: request.bundle.manifest.identity, precision: request.precision, computed: session.computed,
            method: design == nil ? nil : request.method, range: design == nil ? nil : request.range,
            calibrationImages: session.calibration.urls.count, hasLabels: session.table != nil,
            columns: [before, after] + (naive.map { [$0] } ?? []), layers: design?.report ?? [],
            budget: request.budget, violations: violations)
        guard violations.isEmpty else { throw OptimizationRefusal(report: report, error: Self.error(report)) }
        return report
    }

    private static func error(_ report: OptimizationReport) -> CutisError {
        CutisError(
            .accuracyLost,
            "The \(report.precision.rawValue) bundle would lose too much, and was not written: "
                + "\(report.violations.joined(separator: "; ")).",
            remedy: report.precision == .int8
                ? "Use --precision bf16 or fp16, calibrate with images that are more like the real ones, or allow more loss."
                : "Use --precision fp16 or fp32, or allow more loss.")
    }

    /// Everything of the given bundle that is neither weights nor made anew.
    private func copyOtherFiles(to folder: URL) throws {
        let anew = [BundleLayout.weights, BundleLayout.modelCard, Self.reportFile]
        for name in request.bundle.manifest.files.keys.sorted()
        where !anew.contains(name) && !name.hasPrefix(BundleLayout.golden + "/") {
            let target = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: request.bundle.file(name), to: target)
        }
    }

    private static func text(of file: URL) throws -> String {
        guard FileManager.default.fileExists(atPath: file.path) else { return "" }
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    private static func section(_ report: OptimizationReport) -> String {
        """


        ## Optimised to \(report.precision.rawValue)

        This bundle was made of \(report.source.id) \(report.source.version) by `cutis optimize`. What was measured then, \
        on the machine that is named below:

        \(OptimizationTable(report).text)
        """
    }
}
