public import CutisCore
public import CutisInference
import CutisModels
import CutisTensor
public import Foundation

/// A conversion that loses more than its budget; nothing was written.
public struct OptimizationRefusal: Error {
    /// What was measured.
    public let report: OptimizationReport
    /// The same for people, with `.accuracyLost`.
    public let error: CutisError
}

/// Converts a bundle to another precision, and writes the new one only where it keeps what the given one can do.
public struct BundleOptimizer {
    /// Measures a bundle in a precision; nil leaves speed and memory out of the report.
    public typealias Benchmark = (_ bundle: URL, _ precision: Precision) throws -> PerformanceFigures
    /// Is told what is being done, how much of it is done, and how much there is.
    public typealias Progress = (_ phase: String, _ done: Int, _ total: Int) -> Void

    /// How often layers are put back into floating point before a conversion is refused.
    private static let attempts = 5

    let request: OptimizationRequest
    let benchmark: Benchmark?
    let progress: Progress

    /// Takes a request, and the ways to measure and to tell.
    public init(
        _ request: OptimizationRequest, benchmark: Benchmark?, progress: @escaping Progress = { _, _, _ in }
    ) {
        self.request = request
        self.benchmark = benchmark
        self.progress = progress
    }

    /// Measures the given bundle, converts it, measures again and writes the new bundle.
    ///
    /// - Throws: `OptimizationRefusal`; `CutisError`: `.invalidArguments`, `.bundleInvalid` for a bundle that is
    ///   quantised, `.precisionUnavailable`, `.outputUnwritable`, what the images and tables throw, and what
    ///   `BundleWriter` throws. In every case nothing is left behind.
    public func run() throws -> OptimizationReport {
        let computed = try check()
        let bundle = request.bundle
        try bundle.checkFiles()
        let calibration = try CalibrationImages.select(
            from: request.calibration, wanted: request.calibrationImages, recipe: bundle.manifest.preprocessing)
        let table = try request.validation.map {
            try ValidationTable($0, positive: request.positive, manifest: bundle.manifest)
        }
        let session = OptimizationSession(
            request: request, computed: computed, calibration: calibration, table: table, progress: progress)
        return try LoadedModel.translatingErrors {
            try withoutGrad {
                let baseline = try session.observe()
                let conversion = try WeightConversion(bundle)
                var naive: OptimizationReport.Column?
                if request.comparesNaive, request.precision == .int8, request.method != .minmax {
                    naive = try session.naive(baseline, conversion)
                }
                var design: QuantisationDesign?
                if request.precision == .int8 {
                    design = try session.design(request.method, baseline, conversion)
                }
                let given = OptimizationReport.Column(
                    name: "fp32, given", bytes: bundle.weightBytes, performance: nil,
                    accuracy: try session.accuracy(baseline.answers, baseline))
                for attempt in 1...Self.attempts {
                    let candidate = Candidate(
                        session: session, baseline: baseline, given: given, naive: naive, design: design,
                        conversion: conversion, benchmark: benchmark)
                    do {
                        return try candidate.write()
                    } catch let refusal as OptimizationRefusal {
                        let canRetry = request.method == .smooth && attempt < Self.attempts
                        guard canRetry, design?.dropWorst() == true else { throw refusal }
                    }
                }
                // The last attempt returns or throws.
                throw CancellationError()
            }
        }
    }

    /// Refuses what can be refused before any work.
    ///
    /// - Returns: the precision that this CPU computes.
    private func check() throws(CutisError) -> Precision {
        let manifest = request.bundle.manifest
        guard request.precision != .fp32 else {
            throw CutisError(
                .invalidArguments, "fp32 is what bundles are compared with.", remedy: "Choose fp16, bf16 or int8.")
        }
        if let plan = manifest.quantisation {
            throw CutisError(
                .bundleInvalid,
                "The bundle \(manifest.id) is already quantised: \(plan.inputs.count) of its layers are int8.",
                remedy: "Give the bundle that it was made of.")
        }
        guard OptimizationRequest.calibrationCounts.contains(request.calibrationImages) else {
            let counts = OptimizationRequest.calibrationCounts
            throw CutisError(
                .invalidArguments, "\(request.calibrationImages) calibration images are out of range.",
                remedy: "Take \(counts.lowerBound) to \(counts.upperBound).")
        }
        guard PackedLinear.isAvailable else {
            throw CutisError(
                .deviceUnavailable, "Bundles are optimised for CPUs, and this LibTorch has no oneDNN.",
                remedy: "Use a LibTorch with oneDNN.")
        }
        let computed = try PrecisionChoice.check(request.precision, fallsBack: request.fallsBack)
        let contents = try? FileManager.default.contentsOfDirectory(atPath: request.output.path)
        guard contents?.isEmpty ?? !FileManager.default.fileExists(atPath: request.output.path) else {
            throw CutisError(
                .outputUnwritable, "\(request.output.path) already exists.",
                remedy: "Choose another output folder or remove this one.")
        }
        return computed
    }
}

extension ModelBundle {
    /// The size of the network's weights, as recorded.
    var weightBytes: Int? { manifest.files[BundleLayout.weights]?.bytes }
}
