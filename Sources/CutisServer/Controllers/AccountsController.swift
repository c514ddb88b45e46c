import CutisCore
import CutisService
import CutisStorage
import HTTPTypes
import Hummingbird

/// Clinics, users and keys.
struct AccountsController: Controller {
    let accounts: AccountService

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/api/v1/accounts/me", use: me)
        group.get("/api/v1/accounts/clinics", use: clinics)
        group.post("/api/v1/accounts/clinics", use: addClinic)
        group.get("/api/v1/accounts/users", use: users)
        group.post("/api/v1/accounts/users", use: addUser)
        group.patch("/api/v1/accounts/users/{id}", use: changeUser)
        group.get("/api/v1/accounts/keys", use: keys)
        group.post("/api/v1/accounts/keys", use: addKey)
        group.delete("/api/v1/accounts/keys/{id}", use: revokeKey)
    }

    @Sendable
    private func me(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        let clinic = try await accounts.ownClinic(of: principal)
        return .json(
            .object([
                "user": .string(principal.userID), "name": .string(principal.name),
                "role": .string(principal.role.rawValue), "clinic": clinic?.answer ?? .null,
            ]))
    }

    @Sendable
    private func clinics(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let (limit, before) = (try query.limit(), try query.cursor())
        try query.finish()
        let records = try await accounts.clinics(limit: limit + 1, before: before, by: principal)
        return .json(page("clinics", records, limit: limit, \.answer, cursor: \.cursor.text))
    }

    @Sendable
    private func addClinic(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.accountsManage)
        var fields = try await context.fields(of: request)
        let (name, title) = (try fields.text("name", length: 1...63), try fields.text("title", length: 1...200))
        try fields.finish()
        return .json(try await accounts.createClinic(name: name, title: title, by: principal).answer, status: .created)
    }

    @Sendable
    private func users(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let (limit, before) = (try query.limit(), try query.cursor())
        try query.finish()
        let records = try await accounts.users(limit: limit + 1, before: before, by: principal)
        return .json(page("users", records, limit: limit, \.answer, cursor: \.cursor.text))
    }

    @Sendable
    private func addUser(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.accountsManage)
        var fields = try await context.fields(of: request)
        let name = try fields.text("name", length: 1...200)
        let role = try fields.choice("role", Role.self)
        let clinic = try fields.optionalText("clinic_id", length: 1...63)
        try fields.finish()
        let user = try await accounts.createUser(name: name, role: role, clinic: clinic, by: principal)
        return .json(user.answer, status: .created)
    }

    @Sendable
    private func changeUser(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.accountsManage)
        var fields = try await context.fields(of: request)
        guard let disabled = try fields.optionalBool("disabled") else { throw fields.wrong("disabled", "is missing") }
        try fields.finish()
        let user = try await accounts.setDisabled(disabled, user: context.identifier("id"), by: principal)
        return .json(user.answer)
    }

    @Sendable
    private func keys(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let user = try query.text("user", length: 36...36)
        let (limit, before) = (try query.limit(), try query.cursor())
        try query.finish()
        let records = try await accounts.keys(userID: user, limit: limit + 1, before: before, by: principal)
        return .json(page("keys", records, limit: limit, \.answer, cursor: \.cursor.text))
    }

    @Sendable
    private func addKey(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.accountsManage)
        var fields = try await context.fields(of: request)
        let user = try fields.text("user", length: 1...64)
        let expiresAt = try fields.optionalInteger("expires_at", in: 0...253_402_300_799_000)
        try fields.finish()
        let key = try await accounts.createKey(userID: user, expiresAt: expiresAt, by: principal)
        return .json(key.record.answer.appending(["key": .string(key.text)]), status: .created)
    }

    @Sendable
    private func revokeKey(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try await accounts.revokeKey(context.identifier("id"), by: principal)
        return .nothing
    }

    var operations: [Operation] {
        [
            Operation(
                method: .get, path: "/api/v1/accounts/me", id: "getMe", tag: "Accounts", summary: "Who the caller is.",
                access: .user, answers: [.json(.reference("Me"))]),
            Operation(
                method: .get, path: "/api/v1/accounts/clinics", id: "listClinics", tag: "Accounts",
                summary: "The clinics that one sees, newest first.", access: .action(.accountsRead),
                parameters: APISchemas.page, answers: [.json(.reference("ClinicPage"))]),
            Operation(
                method: .post, path: "/api/v1/accounts/clinics", id: "addClinic", tag: "Accounts",
                summary: "Add a clinic.",
                access: .action(.accountsManage), body: [.json(.reference("NewClinic"))], status: .created,
                answers: [.json(.reference("Clinic"))], problems: [.conflict]),
            Operation(
                method: .get, path: "/api/v1/accounts/users", id: "listUsers", tag: "Accounts",
                summary: "The users that one sees, newest first.", access: .action(.accountsRead),
                parameters: APISchemas.page, answers: [.json(.reference("UserPage"))]),
            Operation(
                method: .post, path: "/api/v1/accounts/users", id: "addUser", tag: "Accounts", summary: "Add a user.",
                access: .action(.accountsManage), body: [.json(.reference("NewUser"))], status: .created,
                answers: [.json(.reference("User"))], problems: [.notFound]),
            Operation(
                method: .patch, path: "/api/v1/accounts/users/{id}", id: "changeUser", tag: "Accounts",
                summary: "Disable a user, with all keys and browsers, or enable it again.",
                access: .action(.accountsManage), parameters: [.path("id", "The user.")],
                body: [.json(.reference("UserChange"))], answers: [.json(.reference("User"))],
                problems: [.conflict]),
            Operation(
                method: .get, path: "/api/v1/accounts/keys", id: "listKeys", tag: "Accounts",
                summary: "The keys of one user, or all that one sees, newest first.", access: .action(.accountsRead),
                parameters: [.query("user", .identifier, "Of one user.")] + APISchemas.page,
                answers: [.json(.reference("KeyPage"))], problems: [.notFound]),
            Operation(
                method: .post, path: "/api/v1/accounts/keys", id: "addKey", tag: "Accounts",
                summary: "Make a key; its text is shown this once.", access: .action(.accountsManage),
                body: [.json(.reference("NewKey"))], status: .created, answers: [.json(.reference("MadeKey"))],
                problems: [.notFound, .conflict]),
            Operation(
                method: .delete, path: "/api/v1/accounts/keys/{id}", id: "revokeKey", tag: "Accounts",
                summary: "End a key at once, and every browser that signed in with it.",
                access: .action(.accountsManage), parameters: [.path("id", "The key.")], status: .noContent),
        ]
    }
}
