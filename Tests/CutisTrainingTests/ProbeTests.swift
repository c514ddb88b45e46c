import CutisCore
import CutisModels
import CutisStatistics
import CutisTensor
import CutisTraining
import Foundation
import Testing

/// What Tools/fixtures/linear_probe.py wrote.
private struct ProbeFixture: Decodable {
    let cases: [Case]

    struct Case: Decodable {
        let name: String
        let features: [[Double]]
        let labels: [Int]
        let classCount: Int
        let strength: Double
        let classWeight: LogisticRegression.ClassWeight
        let sampleWeights: [Double]?
        let mean: [Double]
        let deviation: [Double]
        let coefficients: [[Double]]
        let biases: [Double]
        let probabilities: [[Double]]
        let optimalCoefficients: [[Double]]
        let optimalBiases: [Double]
    }

    static func load() throws -> ProbeFixture {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/linear_probe.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(ProbeFixture.self, from: Data(contentsOf: url))
    }
}

@Suite struct ProbeTests {
    /// The largest difference as a share of the largest expected number; NaN and other sizes are infinite.
    private func relative(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
        let largest = expected.map(abs).max() ?? 0
        return (zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity) / largest
    }

    /// The largest absolute difference; NaN and other sizes are infinite.
    private func absolute(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
        return zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    }

    private func matrix(_ rows: [[Double]]) throws -> Tensor {
        try Tensor(rows.flatMap(\.self), shape: [rows.count, rows[0].count])
    }

    private func labels(_ count: Int) -> LabelSet {
        LabelSet((0..<count).map { DiagnosisLabel(id: "c\($0)", label: "Class \($0)") })
    }

    @Test func agreesWithScikitLearn() throws {
        for entry in try ProbeFixture.load().cases {
            let features = try matrix(entry.features)
            let scaling = try Standardisation(features)
            #expect(relative(try scaling.mean.doubles(), entry.mean) < 1e-13, "\(entry.name)")
            #expect(relative(try scaling.deviation.doubles(), entry.deviation) < 1e-12, "\(entry.name)")
            let scaled = try scaling(features)
            let fitted = try LogisticRegression(
                features: scaled, labels: entry.labels, classCount: entry.classCount, strength: entry.strength,
                classWeight: entry.classWeight, sampleWeights: entry.sampleWeights, tolerance: 1e-10)
            #expect(fitted.hasConverged, "\(entry.name)")
            let coefficients = try fitted.coefficients.doubles()
            let biases = try fitted.biases.doubles()
            let found = [
                relative(coefficients, entry.coefficients.flatMap(\.self)), absolute(biases, entry.biases),
                absolute(try fitted.probabilities(scaled).doubles(), entry.probabilities.flatMap(\.self)),
            ]
            let exact = [
                relative(coefficients, entry.optimalCoefficients.flatMap(\.self)),
                absolute(biases, entry.optimalBiases),
            ]
            print("probe, \(entry.name): lbfgs \(found), optimum \(exact), \(fitted.iterations) steps")
            // scikit-learn's own L-BFGS is up to 3e-6 (biases 4e-5) away from the optimum of its Newton solver.
            #expect(found[0] < 1e-5 && found[1] < 1e-4 && found[2] < 3e-6, "\(entry.name)")
            #expect(exact.allSatisfy { $0 < 1e-6 }, "\(entry.name)")
        }
    }

    /// A start next to the optimum must lead to the same place as zeros.
    @Test func theStartDoesNotMatter() throws {
        let entry = try #require(try ProbeFixture.load().cases.first)
        let features = try matrix(entry.features)
        let scaled = try Standardisation(features)(features)
        func fit(_ strength: Double, start: LogisticRegression? = nil) throws -> LogisticRegression {
            try LogisticRegression(
                features: scaled, labels: entry.labels, classCount: entry.classCount, strength: strength, start: start,
                tolerance: 1e-10)
        }
        let cold = try fit(entry.strength)
        let warm = try fit(entry.strength, start: fit(entry.strength * 3))
        #expect(relative(try warm.coefficients.doubles(), try cold.coefficients.doubles()) < 1e-6)
    }

    /// Three clusters; the head must take embeddings as they are, survive the disk, and prefer the C that generalises.
    @Test(arguments: [2, 3]) func theHeadFoldsTheStandardisation(_ classes: Int) throws {
        var generator = SeededGenerator(seed: 11)
        func examples(_ count: Int) throws -> LinearProbe.Examples {
            var rows: [[Double]] = []
            var truth: [Int] = []
            for index in 0..<count {
                let label = index % classes
                rows.append(
                    (0..<6).map { feature in
                        let centre = feature == label ? 2.0 : 0
                        return 100 + Double(feature) * 10 * (centre + generator.uniform(-2...2))
                    })
                truth.append(label)
            }
            return LinearProbe.Examples(features: try matrix(rows).to(DType.float32), labels: truth)
        }
        let (training, validation) = (try examples(90), try examples(60))
        var configuration = ProbeConfiguration()
        configuration.metric = .macroAUROC
        let probe = try LinearProbe(
            training: training, validation: validation, labels: labels(classes), configuration: configuration)
        #expect(probe.candidates.count == configuration.strengths.count)
        #expect(probe.chosen.score == probe.candidates.map(\.score).max())
        let scaling = try Standardisation(training.features)
        let fitted = try LogisticRegression(
            features: scaling(training.features), labels: training.labels, classCount: classes,
            strength: probe.chosen.strength, classWeight: .balanced, tolerance: 1e-9)
        let expected = try fitted.probabilities(scaling(validation.features)).doubles()
        let found = try probe.head.probabilities(validation.features).doubles()
        #expect((zip(found, expected).map { abs($0 - $1) }.max() ?? 1) < 1e-4)

        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("probe.safetensors")
        try probe.head.write(to: url, layer: .residualNetwork, metadata: ["c": "1"])
        let read = try ProbeHead(url)
        #expect(read.labels == labels(classes))
        #expect(try read.probabilities(validation.features).doubles() == found)
    }

    @Test func embeddingsAreFoundByName() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("features.safetensors")
        let reader = WeightReader.initialising(trainable: false)
        let stored = try reader.tensor("features", shape: [4, 2], initialiser: .zeros)
        try stored.copyInPlace(from: Tensor([0, 1, 2, 3, 4, 5, 6, 7] as [Float], shape: [4, 2]))
        try reader.write(to: url, metadata: ["images": #"["a/x.jpg", "b/x.jpg", "b/y.png", "y"]"#])
        let table = try EmbeddingTable(url)
        #expect(table.count == 4 && table.width == 2)
        #expect(try table.features.floats() == [0, 1, 2, 3, 4, 5, 6, 7])
        #expect(table.row(of: "b/x.jpg") == 1)
        #expect(table.row(of: "y.png") == 2)
        // The whole name goes before another's stem, and what two images have is no name.
        #expect(table.row(of: "y") == 3)
        #expect(table.row(of: "x.jpg") == nil && table.row(of: "x") == nil)

        try reader.write(to: url, metadata: ["images": #"["one"]"#])
        #expect(TrainingErrors.caught { _ = try EmbeddingTable(url) }?.code == .dataInvalid)
        try stored.fillInPlace(Double.nan)
        #expect(TrainingErrors.caught { _ = try EmbeddingTable(features: stored) }?.code == .dataInvalid)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let features = try Tensor.zeros([3, 2], dtype: .float64)
        func fit(_ labels: [Int], _ classes: Int, strength: Double = 1, weights: [Double]? = nil) -> CutisError? {
            TrainingErrors.caught {
                _ = try LogisticRegression(
                    features: features, labels: labels, classCount: classes, strength: strength,
                    sampleWeights: weights)
            }
        }
        #expect(fit([0, 1, 1], 3)?.message.contains("Class 2") == true)
        #expect(fit([0, 1], 2)?.code == .dataInvalid)
        #expect(fit([0, 1, 2], 2)?.code == .dataInvalid)
        #expect(fit([0, 0, 0], 1)?.code == .dataInvalid)
        #expect(fit([0, 1, 1], 2, weights: [1, -1, 1])?.code == .dataInvalid)
        #expect(fit([0, 1, 1], 2, strength: 0)?.code == .configInvalid)
        let misspelt = TrainingErrors.caught {
            _ = try JSONDecoder().decode(ProbeConfiguration.self, from: Data(#"{"strenghts": [1]}"#.utf8))
        }
        #expect(misspelt?.message.contains("probe.strenghts") == true)
    }
}

/// Errors that tests expect.
enum TrainingErrors {
    /// The error for people that a piece of code ends with.
    static func caught(_ body: () throws -> Void) -> CutisError? {
        do {
            try body()
            return nil
        } catch DecodingError.dataCorrupted(let context) {
            return context.underlyingError as? CutisError
        } catch {
            return error as? CutisError
        }
    }
}
