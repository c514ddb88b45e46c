import CutisModels
import CutisTensor

/// Which layers of a network become int8, and how.
struct QuantisationDesign {
    /// Layers whose error is larger stay in floating point.
    static let errorLimit = 0.12

    private let layers: [QuantisedLayer]
    private let granularity: QuantisationPlan.Granularity
    /// Why layers stay in floating point, by name.
    private(set) var kept: [String: String] = [:]

    /// Decides every layer that can be int8.
    ///
    /// - Parameters:
    ///   - samples: what calibration saw, by the layer's name.
    ///   - weights: gives a tensor by its canonical name.
    init(
        _ configuration: ModelConfiguration, samples: [String: LayerSample], method: OptimizationRequest.Method,
        range: OptimizationRequest.RangeSearch, weight: (String) throws -> Tensor, progress: () -> Void = {}
    ) throws {
        let quantiser = LayerQuantiser(method: method, range: range)
        layers = try configuration.quantisableLayers.compactMap { name in
            defer { progress() }
            guard let sample = samples[name], sample.rows > 0 else { return nil }
            return try quantiser.quantise(
                name, weight: weight("\(name).weight"), sample: sample,
                site: SmoothingSite(of: name, in: configuration))
        }
        granularity = method == .minmax ? .perTensor : .perOutput
        guard method == .smooth else { return }
        for layer in layers where !(layer.error <= Self.errorLimit) {
            kept[layer.name] = "error \(FigureText.fixed(layer.error, 3)), more than \(Self.errorLimit)"
        }
    }

    /// What a packed network is told.
    var plan: QuantisationPlan {
        let inputs = Dictionary(quantised.map { ($0.name, $0.input) }, uniquingKeysWith: { first, _ in first })
        return QuantisationPlan(inputs: inputs, weights: granularity)
    }

    /// What is folded into the weights before they are quantised.
    var folding: WeightFolding {
        var folding = WeightFolding()
        for layer in quantised {
            if let (factors, site) = layer.smoothing { folding.smooth(layer.name, by: factors, at: site) }
        }
        return folding
    }

    /// The layers in the order of the network: name, error, exponent, and why it is not int8.
    var report: [LayerReport] {
        layers.map {
            LayerReport(name: $0.name, error: $0.error, exponent: $0.exponent, keptBecause: kept[$0.name])
        }
    }

    /// Leaves the worst tenth of the int8 layers in floating point.
    ///
    /// - Returns: false where none is left.
    mutating func dropWorst() -> Bool {
        let worst = quantised.sorted { $0.error > $1.error }
        let count = max(1, worst.count / 10)
        guard worst.count > count else { return false }
        for layer in worst.prefix(count) {
            kept[layer.name] = "error \(FigureText.fixed(layer.error, 3)), among the largest: the budget needed it"
        }
        return true
    }

    private var quantised: [QuantisedLayer] { layers.filter { kept[$0.name] == nil } }
}
