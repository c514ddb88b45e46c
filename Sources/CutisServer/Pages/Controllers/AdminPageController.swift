import CutisCore
import CutisService
import CutisStorage
import Hummingbird

/// Users, keys and clinics.
struct AdminPageController: Controller {
    let accounts: AccountService
    let renderer: PageRenderer

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/admin") { request, context in try await page(renderer.open(request, context)) }
        group.post("/admin/clinics") { request, context in
            try await change(request, context, done: "clinic_added") { form, principal in
                _ = try await accounts.createClinic(
                    name: form.first("name") ?? "", title: form.first("title") ?? "", by: principal)
            }
        }
        group.post("/admin/users") { request, context in
            try await change(request, context, done: "user_added") { form, principal in
                guard let role = form.first("role").flatMap({ Role(rawValue: $0) }) else {
                    throw CutisError(
                        .requestInvalid, "There is no such role.", remedy: "Load the page again and choose one.")
                }
                let clinic = form.first("clinic").flatMap { $0.isEmpty ? nil : $0 }
                _ = try await accounts.createUser(
                    name: form.first("name") ?? "", role: role, clinic: clinic, by: principal)
            }
        }
        group.post("/admin/users/{id}/disable") { request, context in
            let id = try context.identifier("id")
            return try await change(request, context, done: "user_disabled") { _, principal in
                _ = try await accounts.setDisabled(true, user: id, by: principal)
            }
        }
        group.post("/admin/users/{id}/keys") { request, context in try await addKey(request, context) }
        group.post("/admin/keys/{id}/revoke") { request, context in
            let id = try context.identifier("id")
            return try await change(request, context, done: "key_revoked") { _, principal in
                try await accounts.revokeKey(id, by: principal)
            }
        }
    }

    /// Shows the key on this one page; it is in no address and no other answer.
    private func addKey(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let call = renderer.open(request, context)
        let (principal, id) = (try call.user(), try context.identifier("id"))
        do {
            let key = try await accounts.createKey(userID: id, by: principal)
            let name = try await accounts.users(limit: 1000, by: principal).first { $0.id == id }?.name ?? id
            let shown = AdminView.NewKeyView(
                title: call.messages.text("admin.key_title", ["name": name]), text: key.text)
            return try await page(call, newKey: shown)
        } catch let error as CutisError where error.code == .conflict {
            context.notes.code = error.code.rawValue
            return try await page(call, problem: Problem(error))
        }
    }

    private func change(
        _ request: Request, _ context: AppRequestContext, done: String,
        _ body: (FormFields, Principal) async throws -> Void
    ) async throws -> Response {
        let call = renderer.open(request, context)
        let principal = try call.user()
        let form = FormFields(try await context.body(of: request, limit: AuthenticationMiddleware.formLimit))
        do {
            try await body(form, principal)
            return .seeOther("/admin?done=\(done)")
        } catch let error as CutisError where [.requestInvalid, .conflict, .notFound].contains(error.code) {
            context.notes.code = error.code.rawValue
            return try await page(call, problem: Problem(error))
        }
    }

    private func page(
        _ call: PageCall, newKey: AdminView.NewKeyView? = nil, problem: Problem? = nil
    ) async throws -> Response {
        let principal = try call.user()
        let clinics = try await accounts.clinics(limit: 1000, by: principal)
        let users = try await accounts.users(limit: 1000, by: principal)
        let keys = Dictionary(grouping: try await accounts.keys(limit: 1000, by: principal), by: \.userID)
        let presenter = AccountPresenter(principal: principal, messages: call.messages)
        let view = AdminView(
            newKey: newKey,
            users: users.map { presenter.user($0, keys: keys[$0.id] ?? [], clinics: clinics) },
            roles: Role.allCases.map { Choice(value: $0.rawValue, text: call.messages.choice("roles", $0.rawValue)) },
            clinics: clinics.map { Choice(value: $0.name, text: $0.title) },
            clinicRows: clinics.map {
                AdminView.Clinic(name: $0.name, title: $0.title, time: TimeText($0.createdAt))
            }, mayManage: principal.may(.accountsManage),
            mayAddClinic: principal.may(.accountsManage) && principal.clinicID == nil)
        return try call.answer("admin", title: call.messages.text("admin.title"), view, problem: problem)
    }
}
