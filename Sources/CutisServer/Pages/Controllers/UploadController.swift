import CutisCore
import CutisService
import CutisStorage
import Foundation
import Hummingbird
import Logging

/// A new image: the form, and what becomes of it.
struct UploadController: Controller {
    let container: ServiceContainer
    let renderer: PageRenderer

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/upload") { request, context in
            let call = renderer.open(request, context)
            try call.user().require(.analysisCreate)
            return try await page(call)
        }
        group.post("/upload") { request, context in try await send(request, context) }
    }

    /// What the form holds.
    private struct Entered: Sendable {
        var image: Data?
        var patient = ""
        var clinic: String?
        var site: BodySite?
    }

    private func send(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let call = renderer.open(request, context)
        let principal = try call.user()
        try principal.require(.analysisCreate)
        let entered = try await read(request, context)
        do {
            guard let image = entered.image else {
                throw CutisError(
                    .requestInvalid, call.messages.text("upload.no_image"),
                    remedy: call.messages.text("upload.no_image_remedy"))
            }
            guard !entered.patient.isEmpty else {
                throw CutisError(
                    .requestInvalid, call.messages.text("upload.no_patient"),
                    remedy: call.messages.text("upload.no_patient_remedy"))
            }
            let analyze = AnalyzeRequest(
                images: [image], clinic: entered.clinic, patient: entered.patient,
                sites: entered.site.map { [$0] } ?? [],
                deadline: .now + container.configuration.timeouts.request)
            let analysis = try await context.whileConnected { [analyses = container.analyses] in
                try await analyses.analyze(analyze, by: principal)
            }
            return .seeOther("/analyses/\(analysis.record.id)")
        } catch {
            // The form again with what was entered; browsers do not let a page choose the file again.
            let problem = Problem(from: error)
            context.notes.code = problem.error.code.rawValue
            if problem.status.code >= 500 {
                context.logger.error("request failed", metadata: ["error": "\(problem.error)"])
            }
            return try await page(call, entered, problem)
        }
    }

    /// The form's fields. Of the two pickers, camera and file, one is empty.
    private func read(_ request: Request, _ context: AppRequestContext) async throws -> Entered {
        let limits = container.configuration.limits
        let body = try await context.body(of: request, limit: limits.imageBytes + (64 << 10))
        let form = try MultipartForm(body, contentType: request.headers[.contentType] ?? "", partLimit: 16)
        var entered = Entered()
        for part in form.parts where part.content.readableBytes > 0 {
            if part.name == "image" {
                entered.image = Data(part.content.readableBytesView)
                continue
            }
            guard part.content.readableBytes <= 1024,
                let text = String(validating: part.content.readableBytesView, as: UTF8.self)
            else { continue }
            switch part.name {
            case "patient": entered.patient = text.trimmingCharacters(in: .whitespacesAndNewlines)
            case "clinic": entered.clinic = text
            case "site": entered.site = BodySite(rawValue: text)
            default: break
            }
        }
        return entered
    }

    private func page(
        _ call: PageCall, _ entered: Entered = Entered(), _ problem: Problem? = nil
    ) async throws -> Response {
        let clinics = try await container.accounts.choices(for: call.user(), selected: entered.clinic)
        let messages = call.messages
        let sites = BodySite.allCases.map { site in
            Choice(
                value: site.rawValue, text: messages.choice("sites", site.rawValue), selected: site == entered.site)
        }
        return try call.answer(
            "upload", title: messages.text("upload.title"),
            UploadView(
                clinics: clinics, patient: entered.patient,
                sites: [Choice(value: "", text: messages.choice("sites", "none"))] + sites),
            problem: problem)
    }
}

extension AccountService {
    /// The clinics to choose from; none for a user of one clinic, who need not choose.
    func choices(for principal: Principal, selected: String? = nil) async throws -> [Choice] {
        guard principal.clinicID == nil, principal.may(.accountsRead) else { return [] }
        return try await clinics(limit: 1000, by: principal).map {
            Choice(value: $0.name, text: $0.title, selected: $0.name == selected)
        }
    }
}
