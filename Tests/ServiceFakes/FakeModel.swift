import Crypto
package import CutisCore
package import CutisService
package import Foundation
import Synchronization

/// A model whose answers follow from the first bytes of a file: `name=probability` pairs, or a hash of the bytes.
///
/// A file begins with `IMAGE`; words after it set the answer: `mel=0.7`, `blurred` (warning), `noskin` (refusal).
package final class FakeModel: ServedModel {
    package let facts: ModelFacts
    private let state = Mutex(State())

    package struct State {
        package var answers = 0
        package var rows: [Int] = []
        package var prepared: [Data] = []
        package var failure: CutisError?
        /// Whether answers are held back, and the passes that wait for it to end.
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    package init(
        _ task: ModelFacts.Task = .classification, hash: String = "h1", version: String = "1.0.0",
        rules: Recommendations? = nil
    ) {
        let labels =
            task == .screening
            ? LabelSet([DiagnosisLabel(id: "infectious", label: "Infectious")]) : LabelSet.ham10000
        facts = ModelFacts(
            identity: ModelIdentity(id: "fake-\(task.rawValue)", version: version), task: task, hash: hash,
            labels: labels, thresholds: task == .screening ? ["infectious": 0.5] : ["mel": 0.14], temperature: 1.25,
            intendedUse: "Tests only.", family: "fake", precision: "fp32", inputShape: [3, 8, 8], embeddingWidth: 4,
            memoryBytes: 1000, recommendations: rules,
            riskCalibration: RiskCalibration(
                class: "mel",
                bins: [
                    RiskCalibration.Bin(lower: 0, upper: 0.2, count: 200, positives: 10),
                    RiskCalibration.Bin(lower: 0.2, upper: 0.6, count: 0, positives: 0),
                    RiskCalibration.Bin(lower: 0.6, upper: 1, count: 20, positives: 17),
                ]))
    }

    package var seen: State { state.withLock { $0 } }
    package func fail(_ error: CutisError?) { state.withLock { $0.failure = error } }

    /// Holds every answer back until `release`.
    package func hold() { state.withLock { $0.isHeld = true } }

    package func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for one in held { one.resume() }
    }

    package struct Input: PreparedInput {
        package let data: Data
        package let keepsPicture: Bool
        package let quality: ImageQuality
        package let size: (width: Int, height: Int)
        package var words: [String] { String(decoding: data, as: UTF8.self).split(separator: " ").map(String.init) }
    }

    package func prepare(_ data: Data, name: String, keepsPicture: Bool) async throws -> any PreparedInput {
        guard data.starts(with: Data("IMAGE".utf8)) else {
            throw CutisError(.imageCorrupt, "\(name) is no image.", remedy: "Send an image.")
        }
        state.withLock { $0.prepared.append(data) }
        var findings: [QualityFinding] = []
        let words = String(decoding: data, as: UTF8.self).split(separator: " ")
        if words.contains("blurred") {
            findings.append(QualityFinding(.blurred, .warning, "The image is blurred.", remedy: "Hold still."))
        }
        if words.contains("noskin") {
            findings.append(QualityFinding(.noSkin, .refusal, "No skin is seen.", remedy: "Point at the lesion."))
        }
        let isWide = words.contains("wide")
        return Input(
            data: data, keepsPicture: keepsPicture,
            quality: ImageQuality(findings: findings, measures: ["sharpness": 0.5]),
            size: isWide ? (100_000, 100_000) : (640, 480))
    }

    package func answer(_ requests: [ModelRequest]) async throws -> [ModelAnswer] {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.isHeld { state.held.append(continuation) }
                return state.isHeld
            }
            if !isHeld { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        state.withLock { $0.answers += requests.count }
        return requests.map { request in
            state.withLock { $0.rows.append(request.inputs.count) }
            switch request.output {
            case .classes: return .classes(request.inputs.map(probabilities))
            case .screening:
                let share = 1 / Double(request.inputs.count)
                return .screening(probabilities: [0.75], attention: request.inputs.map { _ in share })
            case .embeddings: return .embeddings(request.inputs.map { _ in [1, 2, 3, 4] })
            }
        }
    }

    package func explain(_ input: any PreparedInput, classIndex: Int) async throws -> ExplanationImages {
        guard let input = input as? Input, input.keepsPicture else {
            throw CutisError(.invalidArguments, "The picture was not kept.", remedy: "Keep it.")
        }
        let digest = Data(SHA256.hash(data: input.data))
        return ExplanationImages(overlay: digest, map: Data([UInt8(classIndex)]) + digest, method: "grad-cam")
    }

    private func probabilities(_ input: any PreparedInput) -> [Double] {
        let words = (input as? Input)?.words ?? []
        var row = [Double](repeating: 0, count: facts.labels.count)
        for word in words {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let index = facts.labels.index(of: String(parts[0])) else { continue }
            row[index] = Double(parts[1]) ?? .nan
        }
        if row.allSatisfy({ $0 == 0 }) { row[facts.labels.index(of: "nv") ?? 0] = 1 }
        return row
    }
}

/// Gives out models that are made already.
package struct FakeLoader: ModelLoading {
    package let models: [String: FakeModel]

    package init(models: [String: FakeModel]) {
        self.models = models
    }

    package func memoryEstimate(_ bundle: URL) throws -> Int { 1000 }

    package func load(_ bundle: URL, replicas: Int) async throws -> [any ServedModel] {
        guard let model = models[bundle.lastPathComponent] else {
            throw CutisError(.fileNotFound, "There is no such bundle.", remedy: "Name another.")
        }
        return [model]
    }
}

/// Takes the word `gps` out of a file.
package struct FakeCleaning: ImageCleaning {
    package init() {}

    package func clean(_ data: Data) throws -> (data: Data, mediaType: String) {
        let text = String(decoding: data, as: UTF8.self).replacingOccurrences(of: " gps", with: "")
        return (Data(text.utf8), "image/png")
    }

    package func thumbnail(_ data: Data, side: Int) throws -> Data { data.prefix(side) }
}
