import CutisCore
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird

/// One analysis: its page, its pictures, what is said of it, the signature.
struct AnalysisPageController: Controller {
    let container: ServiceContainer
    let renderer: PageRenderer

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/analyses/{id}") { request, context in
            let call = renderer.open(request, context)
            return try await page(call, context.identifier("id"))
        }
        group.get("/analyses/{id}/images/{position}") { request, context in
            let principal = try renderer.open(request, context).user()
            let image = try await container.analyses.image(
                of: context.identifier("id"), position: Self.position(context), by: principal)
            return Response.bytes(image.data, type: image.mediaType)
        }
        group.get("/analyses/{id}/thumbnails/{position}") { request, context in
            let principal = try renderer.open(request, context).user()
            let small = try await container.analyses.thumbnail(
                of: context.identifier("id"), position: Self.position(context), side: Self.thumbnailSide, by: principal)
            return Response.bytes(small, type: "image/jpeg")
        }
        group.get("/analyses/{id}/attention/{position}") { request, context in
            let principal = try renderer.open(request, context).user()
            let (id, position) = (try context.identifier("id"), try Self.position(context))
            let deadline = ContinuousClock.now + container.configuration.timeouts.request
            let pictures = try await context.whileConnected { [analyses = container.analyses] in
                try await analyses.explanation(of: id, position: position, deadline: deadline, by: principal)
            }
            return Response.bytes(pictures.map, type: "image/png")
        }
        group.post("/analyses/{id}/feedback") { request, context in try await addFeedback(request, context) }
        group.post("/analyses/{id}/sign") { request, context in
            try await change(request, context, done: "signed") { id, _, principal in
                _ = try await container.analyses.sign(id, by: principal)
            }
        }
    }

    /// Twice the largest place that a list has for a picture, for screens with small pixels.
    private static let thumbnailSide = 440

    private static func position(_ context: AppRequestContext) throws -> Int {
        guard let position = context.parameters.get("position").flatMap({ Int($0) }), position >= 0 else {
            throw AppRequestContext.nothingThere
        }
        return position
    }

    private func addFeedback(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try await change(request, context, done: "assessed") { id, form, principal in
            guard let kind = form.first("kind").flatMap({ FeedbackRecord.Kind(rawValue: $0) }) else {
                throw CutisError(
                    .requestInvalid, "The form does not say what kind of assessment it is.",
                    remedy: "Load the page again and choose one.")
            }
            // The list of classes goes along although it is not shown where somebody agrees.
            _ = try await container.feedback.add(
                kind, to: id, label: kind == .confirmation ? nil : form.first("label"), note: form.first("note"),
                by: principal)
        }
    }

    /// Changes something, then shows the analysis with what was done, or with why it was not.
    private func change(
        _ request: Request, _ context: AppRequestContext, done: String,
        _ body: (String, FormFields, Principal) async throws -> Void
    ) async throws -> Response {
        let call = renderer.open(request, context)
        let principal = try call.user()
        let id = try context.identifier("id")
        let form = FormFields(try await context.body(of: request, limit: AuthenticationMiddleware.formLimit))
        do {
            try await body(id, form, principal)
            return Response.seeOther("/analyses/\(id)?done=\(done)")
        } catch let error as CutisError where [.requestInvalid, .conflict].contains(error.code) {
            context.notes.code = error.code.rawValue
            return try await page(call, id, Problem(error))
        }
    }

    private func page(_ call: PageCall, _ id: String, _ problem: Problem? = nil) async throws -> Response {
        let principal = try call.user()
        let analysis = try await container.analyses.find(id, by: principal)
        let feedback =
            principal.may(.feedbackRead) ? try await container.feedback.list(of: id, by: principal) : []
        let names = try await container.names(
            of: feedback.map(\.userID) + (analysis.record.signedBy.map { [$0] } ?? []), for: principal)
        let presenter = AnalysisPresenter(
            analysis: analysis, feedback: feedback, names: names, principal: principal, messages: call.messages)
        return try call.answer(
            "analysis", title: call.messages.text("analysis.title"), presenter.view, problem: problem)
    }
}

extension ServiceContainer {
    /// The names of users whom somebody sees on a page: those of the own clinic, and the own.
    func names(of ids: [String], for principal: Principal) async throws -> [String: String] {
        let wanted = Set(ids).subtracting([principal.userID])
        let found = try await database.read { transaction in
            try wanted.compactMap { try UserRepository(transaction).find($0, clinicID: principal.clinicID) }
        }
        return Dictionary(found.map { ($0.id, $0.name) }) { first, _ in first }
            .merging([principal.userID: principal.name]) { first, _ in first }
    }
}
