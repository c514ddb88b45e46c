import CutisCore
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Sends images of a patient to a model: one lesion, the lesions of a visit, a screening case.
struct AnalyzeController: Controller {
    let analyses: AnalysisService
    let limits: ServerConfiguration.Limits
    let timeout: Duration

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.post("/api/v1/analyze", use: analyze)
        group.post("/api/v1/visits", use: visit)
        group.get("/api/v1/visits/{id}", use: findVisit)
        group.post("/api/v1/screen", use: screen)
    }

    @Sendable
    private func analyze(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.analysisCreate)
        let order = try await order(request, context, images: 1...1, explains: true, sites: .one)
        if let done = context.kept?.analyses.first {
            return .json(try await again(done, order, by: principal).response)
        }
        return .json(try await context.whileConnected { try await analyses.analyze(order, by: principal) }.response)
    }

    @Sendable
    private func screen(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.analysisCreate)
        let order = try await order(
            request, context, images: 1...AnalysisLimits.screeningImages, explains: false, sites: .one)
        if let done = context.kept?.analyses.first {
            return .json(try await again(done, order, by: principal).response)
        }
        return .json(try await context.whileConnected { try await analyses.screen(order, by: principal) }.response)
    }

    @Sendable
    private func visit(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.analysisCreate)
        let order = try await order(request, context, images: 1...limits.imagesPerVisit, explains: true, sites: .each)
        if let done = context.kept?.visit {
            var visit = try await analyses.visit(done, by: principal)
            for index in visit.analyses.indices {
                visit.analyses[index] = try await again(visit.analyses[index].record.id, order, by: principal)
            }
            return .json(Self.answer(visit))
        }
        return .json(Self.answer(try await context.whileConnected { try await analyses.visit(order, by: principal) }))
    }

    @Sendable
    private func findVisit(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        return .json(Self.answer(try await analyses.visit(context.identifier("id"), by: principal)))
    }

    private func order(
        _ request: Request, _ context: AppRequestContext, images: ClosedRange<Int>, explains: Bool,
        sites: ImageUpload.Sites
    ) async throws -> AnalyzeRequest {
        let upload = try await ImageUpload.read(
            request, context,
            .init(
                images: images, hasPatient: true, hasExplanation: explains, sites: sites, imageBytes: limits.imageBytes,
                bodyBytes: limits.bodyBytes))
        return AnalyzeRequest(
            images: upload.images, clinic: upload.clinic, patient: upload.patient, sites: upload.sites,
            model: upload.model, version: upload.version, includesExplanation: explains && upload.explains,
            priority: upload.priority,
            deadline: .now + timeout, claim: context.claim)
    }

    /// What the same request has kept before, with the pictures that are asked for.
    private func again(_ id: String, _ order: AnalyzeRequest, by principal: Principal) async throws -> Analysis {
        var analysis = try await analyses.find(id, by: principal)
        if order.includesExplanation {
            analysis.explanation = try await analyses.explanation(of: id, deadline: order.deadline, by: principal)
        }
        return analysis
    }

    private static func answer(_ visit: VisitAnalysis) -> OrderedJSON {
        .object([
            "id": .string(visit.visit.id), "patient": .string(visit.visit.patientID),
            "created_at": .integer(Int(visit.visit.createdAt)),
            "analyses": .array(visit.analyses.map(\.response)),
        ])
    }

    var operations: [Operation] {
        [
            Operation(
                method: .post, path: "/api/v1/analyze", id: "analyze", tag: "Analyses",
                summary: "Answer one photo of a lesion.", access: .action(.analysisCreate),
                parameters: APISchemas.imageQuery(hasPatient: true, hasExplanation: true, sites: .one),
                body: APISchemas.imageBodies("AnalyzeRequest", form: "AnalyzeForm"),
                answers: [.json(.reference("Analysis"), example: APIExamples.analysis)],
                problems: APISchemas.imageProblems + [.notFound],
                notes: "The query's fields count where the body is the image itself."),
            Operation(
                method: .post, path: "/api/v1/visits", id: "analyzeVisit", tag: "Analyses",
                summary: "Answer the photos of all lesions of one visit together; all are kept, or none.",
                access: .action(.analysisCreate),
                parameters: APISchemas.imageQuery(hasPatient: true, hasExplanation: true, sites: .each),
                body: APISchemas.imageBodies("VisitRequest", form: "VisitForm"),
                answers: [.json(.reference("Visit"))], problems: APISchemas.imageProblems + [.notFound]),
            Operation(
                method: .get, path: "/api/v1/visits/{id}", id: "getVisit", tag: "Analyses",
                summary: "The lesions of one visit.", access: .action(.analysisRead),
                parameters: [.path("id", "The visit.")], answers: [.json(.reference("Visit"))]),
            Operation(
                method: .post, path: "/api/v1/screen", id: "screen", tag: "Analyses",
                summary: "Answer a screening case of 1–3 photos that the model sees together.",
                access: .action(.analysisCreate),
                parameters: APISchemas.imageQuery(hasPatient: true, hasExplanation: false, sites: .one),
                body: APISchemas.imageBodies("ScreenRequest", form: "ScreenForm"),
                answers: [.json(.reference("Analysis"))], problems: APISchemas.imageProblems + [.notFound]),
        ]
    }
}
