import CutisCore
import CutisService
import Foundation
import HTTPTypes
import Hummingbird

/// What is answered and not kept: the features of images, and whether a photo is good enough.
struct InferenceController: Controller {
    let analyses: AnalysisService
    let limits: ServerConfiguration.Limits
    let timeout: Duration

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.post("/api/v1/embed", use: embed)
        group.post("/api/v1/quality", use: quality)
    }

    @Sendable
    private func embed(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.inferenceRun)
        let upload = try await ImageUpload.read(request, context, rules(1...16))
        let order = EmbedRequest(
            images: upload.images, model: upload.model, version: upload.version, priority: upload.priority,
            deadline: .now + timeout)
        let answer = try await context.whileConnected { try await analyses.embed(order, by: principal) }
        return .json(
            .object([
                "model_version": .string("\(answer.model.id)@\(answer.model.version)"),
                "embeddings": .array(answer.vectors.map { .array($0.map { .number(Double($0)) }) }),
                "qualities": .array(answer.qualities.map(Self.answer)),
                "latency_ms": .number((answer.latencyMilliseconds * 100).rounded() / 100),
            ]))
    }

    @Sendable
    private func quality(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.inferenceRun)
        let upload = try await ImageUpload.read(request, context, rules(1...1))
        let image = upload.images[0]
        let quality = try await context.whileConnected { try await analyses.quality(of: image, by: principal) }
        return .json(Self.answer(quality))
    }

    private func rules(_ images: ClosedRange<Int>) -> ImageUpload.Rules {
        ImageUpload.Rules(
            images: images, hasPatient: false, hasExplanation: false, imageBytes: limits.imageBytes,
            bodyBytes: limits.bodyBytes)
    }

    /// How fit a photo is.
    static func answer(_ quality: ImageQuality) -> OrderedJSON {
        let findings = quality.findings.map { finding in
            OrderedJSON.object([
                "code": .string(finding.code.rawValue), "severity": .string(finding.severity.rawValue),
                "message": .string(finding.message), "remedy": .string(finding.remedy),
            ])
        }
        let measures = quality.measures.sorted { $0.key < $1.key }
            .reduce(OrderedJSON.object([:])) { $0.appending([$1.key: .number($1.value)]) }
        return .object([
            "acceptable": .bool(!quality.isRefused), "findings": .array(findings), "measures": measures,
        ])
    }

    var operations: [Operation] {
        [
            Operation(
                method: .post, path: "/api/v1/embed", id: "embed", tag: "Inference",
                summary: "The features of images; nothing is kept.", access: .action(.inferenceRun),
                parameters: APISchemas.imageQuery(hasPatient: false, hasExplanation: false),
                body: APISchemas.imageBodies("EmbedRequest", form: "EmbedForm"),
                answers: [.json(.reference("Embeddings"))], problems: APISchemas.imageProblems + [.notFound]),
            Operation(
                method: .post, path: "/api/v1/quality", id: "checkQuality", tag: "Inference",
                summary: "Whether a photo is good enough; nothing is kept.", access: .action(.inferenceRun),
                parameters: APISchemas.imageQuery(hasPatient: false, hasExplanation: false),
                body: APISchemas.imageBodies("QualityRequest", form: "QualityForm"),
                answers: [.json(.reference("Quality"))], problems: APISchemas.imageProblems),
        ]
    }
}
