import CutisCore
import CutisImaging
import CutisInference
import CutisService
import Foundation

/// A replica of a model for the service: a `ModelHost`, with the preparation of its images beside it.
struct HostedModel: ServedModel {
    let facts: ModelFacts
    private let host: ModelHost
    private let check: ImageQualityCheck
    private let limits: DecodeLimits

    /// The longer side of the picture that an explanation is laid over: what a page shows, at a size that an answer can
    /// carry.
    static let pictureSide = 1024

    init(_ host: ModelHost, facts: ModelFacts, check: ImageQualityCheck, limits: DecodeLimits) {
        self.host = host
        self.facts = facts
        self.check = check
        self.limits = limits
    }

    func prepare(_ data: Data, name: String, keepsPicture: Bool) async throws -> any CutisService.PreparedInput {
        let image = try PreparedImage(
            data, name: name, recipe: host.manifest.preprocessing, check: check,
            pictureSide: keepsPicture ? Self.pictureSide : nil, limits: limits)
        return HostedInput(image: image)
    }

    func answer(_ requests: [ModelRequest]) async throws -> [ModelAnswer] {
        let parts = try requests.map { request in
            BatchPart(Self.output(request.output), images: try request.inputs.map(Self.image))
        }
        return try await ModelBatch(host).answer(parts).map { answer in
            switch answer {
            case .classes(let rows): .classes(rows)
            case .screening(let probabilities, let attention):
                .screening(probabilities: probabilities, attention: attention)
            case .embeddings(let rows): .embeddings(rows)
            }
        }
    }

    func explain(_ input: any CutisService.PreparedInput, classIndex: Int) async throws -> ExplanationImages {
        let map = try await host.explain(Self.image(input), classIndex: classIndex)
        return ExplanationImages(
            overlay: try PNGEncoder.encode(map.overlay()), map: try PNGEncoder.encode(map.heatmap()),
            method: map.grid.method.rawValue)
    }

    private static func output(_ output: ModelRequest.Output) -> BatchPart.Output {
        switch output {
        case .classes: .classes
        case .screening: .screening
        case .embeddings: .embeddings
        }
    }

    private static func image(_ input: any CutisService.PreparedInput) throws(CutisError) -> PreparedImage {
        guard let input = input as? HostedInput else {
            throw CutisError(
                .internalFailure, "A model was given an image that another kind of model has prepared.",
                remedy: "Report this with the request's id.")
        }
        return input.image
    }
}

/// An image that a recipe has prepared.
struct HostedInput: CutisService.PreparedInput {
    let image: PreparedImage

    var quality: ImageQuality { image.quality ?? ImageQuality(findings: [], measures: [:]) }
    var size: (width: Int, height: Int) { (image.size.width, image.size.height) }
}
