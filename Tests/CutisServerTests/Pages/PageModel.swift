import Crypto
import CutisCore
import CutisService
import Foundation

/// A model whose answers are written in the file: `IMAGE mel=0.8 nv=0.2`; other files answer by their hash.
struct PageModel: ServedModel {
    let facts = ModelFacts(
        identity: ModelIdentity(id: "page-model", version: "1.0.0"), task: .classification, hash: "a1b2c3",
        labels: .ham10000, thresholds: ["mel": 0.14], temperature: 1.25,
        intendedUse: "Tests of pages only.", family: "fake", precision: "fp32", inputShape: [3, 8, 8],
        embeddingWidth: 4, memoryBytes: 1000,
        recommendations: Recommendations(
            version: "1", risk: RiskBands(class: "mel", mediumFrom: nil, highFrom: 0.5),
            rules: [
                Recommendations.Rule(class: nil, primary: false, band: .high, text: "See a dermatologist soon."),
                Recommendations.Rule(class: nil, primary: false, text: "No high-risk class stands out."),
            ]),
        riskCalibration: RiskCalibration(
            class: "mel",
            bins: [
                RiskCalibration.Bin(lower: 0, upper: 0.2, count: 200, positives: 10),
                RiskCalibration.Bin(lower: 0.2, upper: 0.6, count: 0, positives: 0),
                RiskCalibration.Bin(lower: 0.6, upper: 1, count: 60, positives: 51),
            ]))

    struct Input: PreparedInput {
        let data: Data
        let quality: ImageQuality
        let size: (width: Int, height: Int)
        var words: [Substring] { String(decoding: data.prefix(200), as: UTF8.self).split(separator: " ") }
    }

    func prepare(_ data: Data, name: String, keepsPicture: Bool) async throws -> any PreparedInput {
        guard [Data("IMAGE".utf8), Data([0xFF, 0xD8]), Data([0x89, 0x50])].contains(where: { data.starts(with: $0) })
        else { throw CutisError(.imageCorrupt, "\(name) is no image.", remedy: "Send an image.") }
        var findings: [QualityFinding] = []
        if data.range(of: Data("blurred".utf8)) != nil {
            findings.append(QualityFinding(.blurred, .warning, "The image is blurred.", remedy: "Hold still."))
        }
        if data.range(of: Data("noskin".utf8)) != nil {
            findings.append(QualityFinding(.noSkin, .refusal, "No skin is seen.", remedy: "Point at the lesion."))
        }
        return Input(
            data: data, quality: ImageQuality(findings: findings, measures: ["sharpness": 0.5]), size: (600, 450))
    }

    func answer(_ requests: [ModelRequest]) async throws -> [ModelAnswer] {
        requests.map { .classes($0.inputs.map(probabilities)) }
    }

    func explain(_ input: any PreparedInput, classIndex: Int) async throws -> ExplanationImages {
        ExplanationImages(overlay: Self.picture, map: Self.picture, method: "none")
    }

    /// A red picture of one pixel, PNG.
    private static let picture =
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
        ?? Data()

    private func probabilities(_ input: any PreparedInput) -> [Double] {
        guard let input = input as? Input else { return [] }
        var row = [Double](repeating: 0, count: facts.labels.count)
        for word in input.words {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let index = facts.labels.index(of: String(parts[0])) else { continue }
            row[index] = Double(parts[1]) ?? 0
        }
        guard row.allSatisfy({ $0 == 0 }) else { return row }
        let bytes = SHA256.hash(data: input.data).prefix(row.count).map { pow(Double($0) + 1, 3) }
        let sum = bytes.reduce(0, +)
        return bytes.map { $0 / sum }
    }
}

/// Gives out the one model.
struct PageModelLoader: ModelLoading {
    func memoryEstimate(_ bundle: URL) throws -> Int { 1000 }
    func load(_ bundle: URL, replicas: Int) async throws -> [any ServedModel] { [PageModel()] }
}

/// Keeps files as they are.
struct PageCleaning: ImageCleaning {
    func clean(_ data: Data) throws -> (data: Data, mediaType: String) {
        (data, data.starts(with: [0x89, 0x50]) ? "image/png" : "image/jpeg")
    }

    func thumbnail(_ data: Data, side: Int) throws -> Data { data }
}
