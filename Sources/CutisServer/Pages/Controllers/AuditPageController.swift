import CutisCore
import CutisService
import CutisStorage
import Hummingbird

/// The audit trail: the latest entries, and the verification of the chain.
struct AuditPageController: Controller {
    let container: ServiceContainer
    let renderer: PageRenderer

    private static let pageLength = 50

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/audit") { request, context in try await page(renderer.open(request, context)) }
        // A verification reads the whole trail: it is not started by following a link.
        group.post("/audit/verify") { request, context in
            let call = renderer.open(request, context)
            return try await page(call, result: container.audit.verify(by: call.user()))
        }
    }

    private func page(_ call: PageCall, result: AuditVerification? = nil) async throws -> Response {
        let principal = try call.user()
        let entries = try await container.audit.entries(limit: Self.pageLength, by: principal)
        let names = try await container.names(of: entries.map(\.actor), for: principal)
        let view = AuditView(
            result: result.map { Self.result($0, call.messages) },
            entries: entries.map { entry in
                AuditView.Entry(
                    number: "\(entry.sequence)", time: TimeText(entry.time), actor: names[entry.actor] ?? entry.actor,
                    action: entry.action, subject: entry.subject, outcome: entry.outcome)
            },
            // The whole trail holds the entries of all clinics.
            mayVerify: principal.clinicID == nil)
        return try call.answer("audit", title: call.messages.text("audit.title"), view)
    }

    private static func result(_ found: AuditVerification, _ messages: MessageCatalogue) -> AuditView.Result {
        if let fault = found.fault {
            return AuditView.Result(
                text: messages.text("audit.broken"), detail: fault.message, style: "bad")
        }
        return AuditView.Result(
            text: messages.text("audit.intact"),
            detail: messages.text(
                "audit.intact_detail", ["count": "\(found.count)", "hash": String(found.lastHash.prefix(16))]),
            style: "")
    }
}
