import CutisCore
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird

/// The models of the server: which are loaded, loading, making one the default, unloading.
struct ModelsController: Controller {
    let models: ModelRegistry
    /// The only folder from which bundles are loaded.
    let bundles: URL?

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/api/v1/models", use: list)
        group.post("/api/v1/models", use: load)
        group.post("/api/v1/models/{id}/versions/{version}/activate", use: activate)
        group.delete("/api/v1/models/{id}/versions/{version}", use: unload)
    }

    @Sendable
    private func list(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.authenticated().require(.modelsRead)
        return .json(.object(["models": .array(await models.models().map(\.answer))]))
    }

    @Sendable
    private func load(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.modelsManage)
        var fields = try await context.fields(of: request)
        let name = try fields.text("bundle", length: 1...128)
        try fields.finish()
        // A name and nothing else: a request cannot make the server read outside of its own folder.
        guard name.utf8.allSatisfy({ Self.characters.contains($0) }), !name.hasPrefix(".") else {
            throw fields.wrong("bundle", "is no name of a folder (letters, digits, `.`, `-`, `_`)")
        }
        guard let bundles else {
            throw CutisError(
                .notFound, "This server has no folder of bundles.", remedy: "Configure one, and put the bundle into it."
            )
        }
        let folder = bundles.appendingPathComponent(name, isDirectory: true)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw CutisError(
                .notFound, "There is no bundle \(name) in the server's folder.", remedy: "Put the bundle into it first."
            )
        }
        let facts = try await models.load(folder, by: principal.userID)
        return .json(try await status(of: facts.identity), status: .created)
    }

    private static let characters = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)

    private enum Truth: String, CaseIterable { case `true`, `false` }

    @Sendable
    private func activate(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.modelsManage)
        let identity = try Self.identity(context)
        var query = try QueryFields(request)
        let keeps = try query.choice("keep_previous", Truth.self) == .true
        try query.finish()
        try await models.activate(identity.id, version: identity.version, keepingPrevious: keeps, by: principal.userID)
        return .json(try await status(of: identity))
    }

    @Sendable
    private func unload(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.modelsManage)
        let identity = try Self.identity(context)
        try await models.unload(identity.id, version: identity.version, by: principal.userID)
        return .nothing
    }

    private static func identity(_ context: AppRequestContext) throws -> ModelIdentity {
        ModelIdentity(id: try context.parameters.require("id"), version: try context.parameters.require("version"))
    }

    private func status(of identity: ModelIdentity) async throws -> OrderedJSON {
        guard let status = await models.models().first(where: { $0.facts.identity == identity }) else {
            throw AppRequestContext.nothingThere
        }
        return status.answer
    }

    var operations: [Operation] {
        let parameters: [Operation.Parameter] = [
            .path("id", "The model.", .text(1...128)), .path("version", "Its version.", .text(1...64)),
        ]
        let refusals: [ErrorCode] = [
            .bundleInvalid, .bundleHashMismatch, .goldenMismatch, .fileUnreadable, .conflict, .modelUnavailable,
        ]
        return [
            Operation(
                method: .get, path: "/api/v1/models", id: "listModels", tag: "Models",
                summary: "The models that are loaded.", access: .action(.modelsRead),
                answers: [.json(.reference("ModelList"))]),
            Operation(
                method: .post, path: "/api/v1/models", id: "loadModel", tag: "Models",
                summary: "Load a bundle of the server's folder; refused if it fails its golden case.",
                access: .action(.modelsManage), body: [.json(.reference("ModelLoad"))], status: .created,
                answers: [.json(.reference("Model"))], problems: refusals + [.notFound]),
            Operation(
                method: .post, path: "/api/v1/models/{id}/versions/{version}/activate", id: "activateModel",
                tag: "Models", summary: "Make a loaded model the default of its task; no request fails for it.",
                access: .action(.modelsManage),
                parameters: parameters + [
                    .query("keep_previous", .choice(["true", "false"]), "Keep the former version loaded; false.")
                ], answers: [.json(.reference("Model"))]),
            Operation(
                method: .delete, path: "/api/v1/models/{id}/versions/{version}", id: "unloadModel", tag: "Models",
                summary: "Unload a model that is no task's default.", access: .action(.modelsManage),
                parameters: parameters, status: .noContent, problems: [.conflict]),
        ]
    }
}
