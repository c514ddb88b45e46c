import CutisTensor
import CutisTraining
import Foundation
import Testing

/// What Tools/fixtures/training_steps.py wrote.
struct OptimisationFixture: Decodable {
    let objectives: [ObjectiveCase]
    let multiLabel: [MultiLabelCase]
    let optimisers: Optimisers
    let clipping: [ClippingCase]
    let schedules: [ScheduleCase]
    let averages: Averages
    let scaler: ScalerCase
    let autocast: AutocastCase

    struct ObjectiveCase: Decodable {
        let name: String
        let logits: [[Float]]
        let labels: [Int]
        let share: Double
        let weights: [Double]
        let smoothing: Double
        let focalClass: Int?
        let focalWeight: Double
        let gamma: Double
        let loss: Double
        let gradient: [[Double]]
    }

    struct MultiLabelCase: Decodable {
        let name: String
        let logits: [[Float]]
        let targets: [[Float]]
        let weights: [Double]
        let gamma: Double
        let alpha: Double?
        let loss: Double
        let gradient: [[Double]]
    }

    struct Optimisers: Decodable {
        let shapes: [[Int]]
        let rates: [Double]
        let start: [[Float]]
        let gradients: [[[Float]]]
        let cases: [OptimiserCase]
    }

    struct OptimiserCase: Decodable {
        let name: String
        let kind: String
        let groups: [Group]
        let clip: Clip?
        let momentum: Double
        let nesterov: Bool
        let betas: [Double]
        let epsilon: Double
        let path: [[[Double]]]

        struct Group: Decodable {
            let indices: [Int]
            let rateScale: Double
            let weightDecay: Double
        }

        struct Clip: Decodable {
            let kind: String
            let maximum: Double
        }
    }

    struct ClippingCase: Decodable {
        let kind: String
        let maximum: Double
        let gradients: [[Float]]
        let norm: Double
        let clipped: [[Double]]
    }

    struct ScheduleCase: Decodable {
        let name: String
        let kind: String
        let peak: Double
        let warmUp: Int
        let startShare: Double?
        let length: Int
        let finalShare: Double
        let size: Int
        let factor: Double
        let rates: [Double]
    }

    struct Averages: Decodable {
        let start: [Float]
        let weights: [[Float]]
        let cases: [AverageCase]
    }

    struct AverageCase: Decodable {
        let name: String
        let kind: String
        let decay: Double
        let inverse: Double
        let power: Double
        let first: Int
        let path: [[Double]]
    }

    struct ScalerCase: Decodable {
        let scale: Float
        let growth: Float
        let backoff: Float
        let interval: Int
        let steps: [Step]

        struct Step: Decodable {
            let values: [Float]
            let bad: Bad?
            let gradient: [Double]
            let taken: Bool
            let scale: Float
            let streak: Int
        }

        struct Bad: Decodable {
            let index: Int
            let value: String
        }
    }

    struct AutocastCase: Decodable {
        let shapes: [String: [Int]]
        let weights: [String: [Float]]
        let image: [Float]
        let labels: [Int]
        let logits: [Double]
        let loss: Double
        let gradients: [String: [Double]]
    }

    static func load() throws -> OptimisationFixture {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/training.json")
        // Names of weights are keys too, so the keys of dictionaries must stay as they are.
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            let key = path[path.endIndex - 1]
            let isName = path.dropLast().contains { ["shapes", "weights", "gradients"].contains($0.stringValue) }
            return isName ? key : Key(stringValue: camelCase(key.stringValue))
        }
        return try decoder.decode(OptimisationFixture.self, from: Data(contentsOf: url))
    }

    private static func camelCase(_ name: String) -> String {
        let parts = name.split(separator: "_")
        return parts.prefix(1).joined() + parts.dropFirst().map(\.capitalized).joined()
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// The largest difference as a share of the largest reference value. A NaN on either side gives NaN.
func relativeError(_ values: [Double], _ reference: [Double]) -> Double {
    guard values.count == reference.count else { return .nan }
    let scale = reference.map(abs).max() ?? 0
    let worst = zip(values, reference).map { abs($0 - $1) }.reduce(0, larger)
    return scale == 0 ? worst : worst / scale
}

/// The larger one; unlike `max`, NaN wins.
func larger(_ one: Double, _ other: Double) -> Double {
    one.isNaN || other.isNaN ? .nan : max(one, other)
}

/// Checks an error; with CUTIS_PRINT_ERRORS=1 prints what was measured.
func expectError(
    _ error: Double, within bound: Double = 1e-5, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    if ProcessInfo.processInfo.environment["CUTIS_PRINT_ERRORS"] == "1" {
        print("measured \(what): \(error) of \(bound)")
    }
    #expect(error <= bound, "\(what): \(error)", sourceLocation: sourceLocation)
}
