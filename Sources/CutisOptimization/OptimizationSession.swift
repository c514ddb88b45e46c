import CutisCore
import CutisInference
import CutisModels
import CutisStatistics
import CutisTensor
import Foundation

/// What all steps of one optimisation share: the request, and the images.
struct OptimizationSession {
    /// What the given bundle does in fp32.
    struct Baseline {
        /// Its answers to the images that decide.
        let answers: ModelAnswers
        /// What flowed into its layers; empty where nobody asks.
        let samples: [String: LayerSample]
    }

    let request: OptimizationRequest
    /// What this CPU computes.
    let computed: Precision
    let calibration: ImageSet
    let table: ValidationTable?
    let progress: BundleOptimizer.Progress

    /// The images on which models are compared: the labelled ones where there are any.
    private var images: ImageSet { table?.images ?? calibration }

    /// Runs the given bundle in fp32, and watches its layers where they are to be quantised.
    func observe() throws -> Baseline {
        let shapes = try request.precision == .int8 ? Self.weightShapes(request.bundle) : [:]
        let model = try LoadedModel(request.bundle, options: request.loadOptions(.fp32))
        guard request.precision == .int8 else {
            return Baseline(answers: try answers(of: model, images, "fp32"), samples: [:])
        }
        let collector = LayerCollector(shapes: shapes, images: calibration.urls.count)
        let seen = try answers(of: model, calibration, "calibration", observer: collector.observe)
        let decisive = try table.map { try answers(of: model, $0.images, "fp32") } ?? seen
        return Baseline(answers: decisive, samples: collector.samples)
    }

    /// Decides which layers become int8, and how.
    func design(
        _ method: OptimizationRequest.Method, _ baseline: Baseline, _ conversion: WeightConversion
    ) throws -> QuantisationDesign {
        let architecture = request.bundle.manifest.architecture
        let total = architecture.quantisableLayers.count
        var done = 0
        defer { conversion.releasePages() }
        return try QuantisationDesign(
            architecture, samples: baseline.samples, method: method, range: request.range, weight: conversion.tensor
        ) {
            done += 1
            progress("layers", done, total)
        }
    }

    /// Measures the plain conversion of the same bundle; it is never written.
    func naive(_ baseline: Baseline, _ conversion: WeightConversion) throws -> OptimizationReport.Column {
        let plan = try design(.minmax, baseline, conversion).plan
        let accuracy = try accuracy(of: request.bundle.quantised(by: plan), baseline, "plain int8")
        return OptimizationReport.Column(
            name: "int8, plain min-max", bytes: nil, performance: nil, accuracy: accuracy)
    }

    /// Loads a bundle in the new precision and compares it with the given one.
    func accuracy(of bundle: ModelBundle, _ baseline: Baseline, _ phase: String) throws -> AccuracyFigures {
        let model = try LoadedModel(bundle, options: request.loadOptions(request.precision))
        return try accuracy(try answers(of: model, images, phase), baseline)
    }

    /// Compares answers with those of the given bundle and with the labels.
    func accuracy(_ answers: ModelAnswers, _ baseline: Baseline) throws -> AccuracyFigures {
        do throws(StatisticsError) {
            let diagnosis = try table.map { table throws(StatisticsError) in
                try DiagnosticFigures(
                    answers.probabilities, labels: table.labels, positive: table.positive, at: table.positiveIndex,
                    threshold: table.threshold, given: baseline.answers.probabilities)
            }
            return AccuracyFigures(
                agreement: AgreementFigures(answers, with: baseline.answers), diagnosis: diagnosis)
        } catch {
            throw CutisError(
                .dataInvalid, "The labels cannot be evaluated: \(error)",
                remedy: "Give a table with several images of each kind.")
        }
    }

    private func answers(
        of model: LoadedModel, _ images: ImageSet, _ phase: String, observer: LayerObserver? = nil
    ) throws -> ModelAnswers {
        var done = 0
        return try ModelAnswers(model, images, observer: observer) {
            done += 1
            progress(phase, done, images.urls.count)
        }
    }

    /// The shapes of the weights of the layers that can be int8.
    private static func weightShapes(_ bundle: ModelBundle) throws -> [String: [Int]] {
        let conversion = try WeightConversion(bundle)
        let layers = Set(bundle.manifest.architecture.quantisableLayers)
        var shapes: [String: [Int]] = [:]
        for named in conversion.parameters where named.name.hasSuffix(".weight") {
            let layer = String(named.name.dropLast(7))
            if layers.contains(layer) { shapes[layer] = named.tensor.shape }
        }
        return shapes
    }
}
