import CutisCore
import CutisService
import CutisStorage
import Hummingbird

/// The way to a patient, and the timeline.
struct PatientPageController: Controller {
    let container: ServiceContainer
    let renderer: PageRenderer

    private static let pageLength = 48

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/patients") { request, context in
            try await list(renderer.open(request, context), before: Self.cursor(request))
        }
        // In a body, so that the clinic's identifier of a patient is in no address and no log.
        group.post("/patients") { request, context in try await find(request, context) }
        group.get("/patients/{id}") { request, context in try await timeline(request, context) }
    }

    private func list(
        _ call: PageCall, before: PageCursor? = nil, patient: String = "", clinic: String? = nil,
        problem: Problem? = nil
    ) async throws -> Response {
        let principal = try call.user()
        let page = try await container.analyses.list(
            AnalysisQuery(limit: Self.pageLength, before: before), by: principal)
        let presenter = CasePresenter(messages: call.messages)
        let view = PatientsView(
            clinics: try await container.accounts.choices(for: principal, selected: clinic), patient: patient,
            cases: page.analyses.map(presenter.row), older: page.next.map { "/patients?before=\($0.text)" })
        return try call.answer("patients", title: call.messages.text("patients.title"), view, problem: problem)
    }

    private func find(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let call = renderer.open(request, context)
        let form = FormFields(try await context.body(of: request, limit: AuthenticationMiddleware.formLimit))
        let (patient, clinic) = (form.first("patient") ?? "", form.first("clinic"))
        do {
            let found = try await container.analyses.patient(identifier: patient, clinic: clinic, by: call.user())
            return .seeOther("/patients/\(found.id)")
        } catch let error as CutisError where error.code == .notFound {
            let problem = Problem(
                CutisError(
                    .notFound, call.messages.text("patients.unknown"),
                    remedy: call.messages.text("patients.unknown_remedy")))
            return try await list(call, patient: patient, clinic: clinic, problem: problem)
        } catch let error as CutisError where error.code == .requestInvalid {
            return try await list(call, patient: patient, clinic: clinic, problem: Problem(error))
        }
    }

    private func timeline(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let call = renderer.open(request, context)
        let (principal, id) = (try call.user(), try context.identifier("id"))
        let page = try await container.analyses.history(
            patientID: id, limit: Self.pageLength, before: Self.cursor(request), by: principal)
        let messages = call.messages
        let presenter = CasePresenter(messages: messages)
        func images(_ count: Int) -> String {
            count == 1 ? messages.text("patient.image") : messages.text("patient.images", ["count": "\(count)"])
        }
        // Newest first, as they come; one day is one visit.
        var days: [(time: TimeText, cases: [CaseView])] = []
        for analysis in page.analyses {
            let row = presenter.row(analysis)
            if days.last?.time.date == row.time.date {
                days[days.count - 1].cases.append(row)
            } else {
                days.append((row.time, [row]))
            }
        }
        let visits =
            days.count == 1
            ? messages.text("patient.visit") : messages.text("patient.visits", ["count": "\(days.count)"])
        let summary = messages.text(
            "patient.summary", ["analyses": images(page.analyses.count), "visits": visits])
        let view = PatientView(
            patient: presenter.patient(id), summary: page.next == nil && !days.isEmpty ? summary : "",
            visits: days.map { PatientView.Visit(time: $0.time, count: images($0.cases.count), cases: $0.cases) },
            older: page.next.map { "/patients/\(id)?before=\($0.text)" })
        return try call.answer("patient", title: view.patient, view)
    }

    private static func cursor(_ request: Request) throws -> PageCursor? {
        var query = try QueryFields(request)
        return try query.cursor()
    }
}
