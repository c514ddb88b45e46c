import CutisCore
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// What clinicians and laboratories say of answers, and what reviewers decide.
struct FeedbackController: Controller {
    let feedback: FeedbackService
    let reviews: ReviewService

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.post("/api/v1/feedback", use: add)
        group.get("/api/v1/feedback", use: list)
        group.get("/api/v1/feedback/export", use: export)
        group.get("/api/v1/reviews", use: queue)
        group.post("/api/v1/reviews/{id}", use: resolve)
    }

    @Sendable
    private func add(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.feedbackAdd)
        var fields = try await context.fields(of: request)
        let id = try fields.text("analysis_id", length: 1...64)
        let kind = try fields.choice("kind", FeedbackRecord.Kind.self)
        let label = try fields.optionalText("label", length: 1...64)
        let note = try fields.optionalText("note", length: 1...2000)
        try fields.finish()
        let record = try await feedback.add(kind, to: id, label: label, note: note, by: principal)
        return .json(record.answer, status: .created)
    }

    @Sendable
    private func list(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let id = try query.text("analysis_id", length: 36...36)
        let kind = try query.choice("kind", FeedbackRecord.Kind.self)
        let (limit, before) = (try query.limit(), try query.cursor())
        try query.finish()
        if let id {
            let records = try await feedback.list(of: id, by: principal).filter { kind == nil || $0.kind == kind }
            return .json(page("feedback", records, limit: .max, \.answer, cursor: \.cursor.text))
        }
        let records = try await feedback.list(kind: kind, limit: limit + 1, before: before, by: principal)
        return .json(page("feedback", records, limit: limit, \.answer, cursor: \.cursor.text))
    }

    @Sendable
    private func export(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let format = try query.choice("format", ExportFormat.self) ?? .csv
        try query.finish()
        let pieces = try await feedback.export(format, by: principal)
        return Response(
            status: .ok,
            headers: [
                .contentType: format.mediaType,
                .contentDisposition: "attachment; filename=\"feedback.\(format.rawValue)\"",
            ], body: ResponseBody(asyncSequence: pieces.map { ByteBuffer(bytes: $0) }))
    }

    @Sendable
    private func queue(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let filter = try query.choice("filter", ReviewService.Filter.self) ?? .flagged
        let (limit, before) = (try query.limit(), try query.cursor())
        try query.finish()
        let page = try await reviews.queue(filter, limit: limit, before: before, by: principal)
        return .json(
            .object([
                "items": .array(
                    page.items.map {
                        .object([
                            "analysis": $0.analysis.response, "feedback": .array($0.feedback.map(\.answer)),
                        ])
                    }), "next": .optional(page.next?.text),
            ]))
    }

    @Sendable
    private func resolve(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.reviewResolve)
        var fields = try await context.fields(of: request)
        let decision = ReviewService.Decision(
            try fields.choice("outcome", ReviewService.Decision.Outcome.self),
            label: try fields.optionalText("label", length: 1...64),
            note: try fields.optionalText("note", length: 1...2000))
        try fields.finish()
        return .json(try await reviews.resolve(context.identifier("id"), decision, by: principal).response)
    }

    var operations: [Operation] {
        let kinds = Schema.choice(FeedbackRecord.Kind.allCases.map(\.rawValue))
        return [
            Operation(
                method: .post, path: "/api/v1/feedback", id: "addFeedback", tag: "Feedback",
                summary: "Confirm or correct an answer, or tell what the laboratory found.",
                access: .action(.feedbackAdd), body: [.json(.reference("NewFeedback"), example: APIExamples.feedback)],
                status: .created, answers: [.json(.reference("Feedback"))], problems: [.notFound]),
            Operation(
                method: .get, path: "/api/v1/feedback", id: "listFeedback", tag: "Feedback",
                summary: "What was said of answers, newest first; of one analysis, oldest first.",
                access: .action(.feedbackRead),
                parameters: [
                    .query("analysis_id", .identifier, "Of one analysis."), .query("kind", kinds, "Of one kind."),
                ] + APISchemas.page, answers: [.json(.reference("FeedbackPage"))], problems: [.notFound]),
            Operation(
                method: .get, path: "/api/v1/feedback/export", id: "exportFeedback", tag: "Feedback",
                summary: "All feedback with the predictions that it answers.", access: .action(.feedbackExport),
                parameters: [.query("format", .choice(ExportFormat.allCases.map(\.rawValue)), "The form; csv.")],
                answers: [.bytes("text/csv"), .bytes("application/x-ndjson")]),
            Operation(
                method: .get, path: "/api/v1/reviews", id: "listReviews", tag: "Reviews",
                summary: "Analyses that a reviewer should look at, newest first.", access: .action(.reviewRead),
                parameters: [
                    .query(
                        "filter", .choice(ReviewService.Filter.allCases.map(\.rawValue)), "Which ones; flagged.")
                ] + APISchemas.page, answers: [.json(.reference("ReviewPage"))]),
            Operation(
                method: .post, path: "/api/v1/reviews/{id}", id: "resolveReview", tag: "Reviews",
                summary: "Take an analysis out of the queue with a decision.", access: .action(.reviewResolve),
                parameters: [.path("id", "The analysis.")], body: [.json(.reference("Decision"))],
                answers: [.json(.reference("Analysis"))]),
        ]
    }
}
