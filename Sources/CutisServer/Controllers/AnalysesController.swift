import CutisCore
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird

/// Analyses that were kept: reading, signing, deleting, their images and where the model looked.
struct AnalysesController: Controller {
    let analyses: AnalysisService
    let retention: RetentionService
    let timeout: Duration

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/api/v1/analyses", use: list)
        group.get("/api/v1/analyses/{id}", use: find)
        group.delete("/api/v1/analyses/{id}", use: delete)
        group.post("/api/v1/analyses/{id}/sign", use: sign)
        group.get("/api/v1/analyses/{id}/image", use: image)
        group.get("/api/v1/analyses/{id}/attention", use: attention)
        group.post("/api/v1/explain", use: explain)
    }

    @Sendable
    private func list(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let question = AnalysisQuery(
            clinic: try query.text("clinic_id", length: 1...64), patientID: try query.text("patient", length: 36...36),
            limit: try query.limit(), before: try query.cursor())
        try query.finish()
        return .json(Self.answer(try await analyses.list(question, by: principal)))
    }

    @Sendable
    private func find(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        return .json(try await analyses.find(context.identifier("id"), by: principal).response)
    }

    @Sendable
    private func sign(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        return .json(try await analyses.sign(context.identifier("id"), by: principal).response)
    }

    @Sendable
    private func delete(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.dataDelete)
        var query = try QueryFields(request)
        let reason = try query.text("reason", length: 1...40) ?? "request"
        try query.finish()
        try await retention.deleteAnalysis(context.identifier("id"), reason: reason, by: principal)
        return .nothing
    }

    @Sendable
    private func image(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let position = try query.integer("position", in: 0...15) ?? 0
        let side = try query.integer("side", in: 16...2048)
        try query.finish()
        let id = try context.identifier("id")
        if let side {
            let small = try await analyses.thumbnail(of: id, position: position, side: side, by: principal)
            return .bytes(small, type: "image/jpeg")
        }
        let image = try await analyses.image(of: id, position: position, by: principal)
        return .bytes(image.data, type: image.mediaType)
    }

    /// Which picture of an explanation.
    private enum Picture: String, CaseIterable { case map, overlay }

    @Sendable
    private func attention(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let picture = try query.choice("picture", Picture.self) ?? .map
        let label = try query.text("class", length: 1...64)
        let position = try query.integer("position", in: 0...15) ?? 0
        try query.finish()
        let images = try await explanation(try context.identifier("id"), label, position, context, principal)
        return .bytes(picture == .map ? images.map : images.overlay, type: "image/png")
    }

    @Sendable
    private func explain(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.analysisRead)
        var fields = try await context.fields(of: request)
        let id = try fields.text("analysis_id", length: 1...64)
        let label = try fields.optionalText("class", length: 1...64)
        let position = Int(try fields.optionalInteger("position", in: 0...15) ?? 0)
        try fields.finish()
        let images = try await explanation(id, label, position, context, principal)
        return .json(
            .object([
                "attention_map": .string(images.map.base64EncodedString()),
                "overlay": .string(images.overlay.base64EncodedString()), "method": .string(images.method),
            ]))
    }

    private func explanation(
        _ id: String, _ label: String?, _ position: Int, _ context: AppRequestContext, _ principal: Principal
    ) async throws -> ExplanationImages {
        let deadline = ContinuousClock.now + timeout
        return try await context.whileConnected {
            try await analyses.explanation(
                of: id, label: label, position: position, deadline: deadline, by: principal)
        }
    }

    static func answer(_ page: AnalysisPage) -> OrderedJSON {
        .object([
            "analyses": .array(page.analyses.map(\.response)), "next": .optional(page.next?.text),
        ])
    }

    var operations: [Operation] {
        let id = Operation.Parameter.path("id", "The analysis.")
        let position = Operation.Parameter.query(
            "position", .integer(0...15), "The image's place in the case, from 0.")
        return [
            Operation(
                method: .get, path: "/api/v1/analyses", id: "listAnalyses", tag: "Analyses",
                summary: "Analyses, newest first.", access: .action(.patientRead),
                parameters: [
                    .query("clinic_id", .text(1...64), "The clinic's name."),
                    .query("patient", .identifier, "The patient's record."),
                ] + APISchemas.page, answers: [.json(.reference("AnalysisPage"))], problems: [.notFound]),
            Operation(
                method: .get, path: "/api/v1/analyses/{id}", id: "getAnalysis", tag: "Analyses",
                summary: "One analysis.", access: .action(.analysisRead), parameters: [id],
                answers: [.json(.reference("Analysis"))]),
            Operation(
                method: .delete, path: "/api/v1/analyses/{id}", id: "deleteAnalysis", tag: "Analyses",
                summary: "Delete an analysis, its images and what was said of it, for ever.",
                access: .action(.dataDelete),
                parameters: [id, APISchemas.reason], status: .noContent),
            Operation(
                method: .post, path: "/api/v1/analyses/{id}/sign", id: "signAnalysis", tag: "Analyses",
                summary: "Sign a preliminary analysis, once.", access: .action(.analysisSign), parameters: [id],
                answers: [.json(.reference("Analysis"))]),
            Operation(
                method: .get, path: "/api/v1/analyses/{id}/image", id: "getImage", tag: "Analyses",
                summary: "An image as it is kept, without what identifies a person, a place or a camera.",
                access: .action(.analysisRead),
                parameters: [
                    id, position,
                    .query("side", .integer(16...2048), "A JPEG whose longer side is at most this; the whole image."),
                ], answers: ["image/jpeg", "image/png", "image/webp", "image/tiff"].map { .bytes($0) },
                problems: [.blobMissing, .overloaded]),
            Operation(
                method: .get, path: "/api/v1/analyses/{id}/attention", id: "getAttention", tag: "Analyses",
                summary: "Where the model looked, as PNG.", access: .action(.analysisRead),
                parameters: [
                    id, position, .query("class", .text(1...64), "The class; the most probable one by default."),
                    .query("picture", .choice(["map", "overlay"]), "The heat map alone, or over the photo."),
                ], answers: [.bytes("image/png")],
                problems: [.modelUnavailable, .overloaded, .deadlineExceeded, .blobMissing]),
            Operation(
                method: .post, path: "/api/v1/explain", id: "explain", tag: "Analyses",
                summary: "Where the model looked for a class of a kept analysis.", access: .action(.analysisRead),
                body: [.json(.reference("ExplainRequest"))], answers: [.json(.reference("Explanation"))],
                problems: [.notFound, .modelUnavailable, .overloaded, .deadlineExceeded, .blobMissing]),
        ]
    }
}
