import CutisCore
import CutisService
import CutisStorage
import Hummingbird

/// What waits for a second reader, and the decisions.
struct ReviewPageController: Controller {
    let container: ServiceContainer
    let renderer: PageRenderer

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/review") { request, context in
            var query = try QueryFields(request)
            return try await page(renderer.open(request, context), before: query.cursor())
        }
        group.post("/review/{id}") { request, context in try await decide(request, context) }
    }

    private func page(
        _ call: PageCall, before: PageCursor? = nil, problem: Problem? = nil
    ) async throws -> Response {
        let principal = try call.user()
        let queue = try await container.reviews.queue(limit: 20, before: before, by: principal)
        let names = try await container.names(
            of: queue.items.flatMap(\.feedback).map(\.userID), for: principal)
        let presenter = CasePresenter(messages: call.messages)
        let items = queue.items.map { item in
            let record = item.analysis.record
            let row = presenter.row(item.analysis)
            return ReviewView.Item(
                id: record.id, time: row.time, patient: presenter.patient(record.patientID), verdict: row.verdict,
                band: row.band, thumbnail: row.thumbnail,
                reasons: record.flags.map { call.messages.choice("flags", $0) },
                feedback: presenter.feedback(item.feedback, of: item.analysis, names: names),
                labels: presenter.labels(of: item.analysis, selected: item.feedback.last?.label),
                mayDecide: principal.may(.reviewResolve))
        }
        let view = ReviewView(items: items, older: queue.next.map { "/review?before=\($0.text)" })
        return try call.answer("review", title: call.messages.text("review.title"), view, problem: problem)
    }

    private func decide(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let call = renderer.open(request, context)
        let (principal, id) = (try call.user(), try context.identifier("id"))
        let form = FormFields(try await context.body(of: request, limit: AuthenticationMiddleware.formLimit))
        do {
            guard let outcome = form.first("decision").flatMap({ ReviewService.Decision.Outcome(rawValue: $0) })
            else {
                throw CutisError(
                    .requestInvalid, call.messages.text("review.no_decision"),
                    remedy: call.messages.text("review.no_decision_remedy"))
            }
            let decision = ReviewService.Decision(
                outcome, label: outcome == .overruled ? form.first("label") : nil, note: form.first("note"))
            _ = try await container.reviews.resolve(id, decision, by: principal)
            return .seeOther("/review?done=reviewed")
        } catch let error as CutisError where [.requestInvalid, .conflict].contains(error.code) {
            context.notes.code = error.code.rawValue
            return try await page(call, problem: Problem(error))
        }
    }
}
