import Foundation

/// What Tools/fixtures/statistics_tables.py wrote.
struct Reference: Decodable {
    let binary: [BinaryCase]
    let multiClass: MultiClassCase
    let proportions: [[Double]]
    let normalQuantiles: [[Double]]
    let incompleteBeta: [[Double]]

    struct BinaryCase: Decodable {
        let name: String
        let scores: [Double]
        let positives: [Bool]
        let other: [Double]
        let auroc: Double
        let lower: Double
        let upper: Double
        let difference: Double
        let differenceP: Double
        let averagePrecision: Double
        let falsePositiveRates: [Double]
        let truePositiveRates: [Double]
        let youden: Double
        let brier: Double
    }

    struct MultiClassCase: Decodable {
        let labels: [Int]
        let logits: [[Double]]
        let probabilities: [[Double]]
        let macroAuroc: Double
        let confusion: [[Int]]
        let accuracy: Double
        let balancedAccuracy: Double
        let recalls: [Double]
        let precisions: [Double]
        let logLoss: Double
        let brier: Double
        let expectedCalibrationError: Double
        let temperature: Double
    }

    static func load() throws -> Reference {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/statistics.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Reference.self, from: Data(contentsOf: url))
    }
}

func isClose(_ first: Double, _ second: Double, within tolerance: Double = 1e-12) -> Bool {
    abs(first - second) <= tolerance * max(1, abs(second))
}
