import CutisCore
import CutisMonitoring
import CutisService
import CutisStorage
import HTTPTypes
import Hummingbird

/// Whether the server lives and can answer, and its metrics.
struct SystemController: Controller {
    let models: ModelRegistry
    let metrics: ServiceMetrics
    let database: any Database
    let draining: Draining
    let publicMetrics: Bool

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/health/live") { _, _ in Response.json(.object(["status": "live"])) }
        group.get("/health/ready", use: ready)
        group.get("/metrics", use: readMetrics)
    }

    @Sendable
    private func ready(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try await Readiness(models: models, database: database, draining: draining).check()
        return .json(.object(["status": "ready"]))
    }

    @Sendable
    private func readMetrics(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        if !publicMetrics { try context.authenticated().require(.metricsRead) }
        let format = ExpositionFormat(accept: request.headers[.accept])
        return .text(metrics.registry.exposition(format), type: format.contentType)
    }

    var operations: [Operation] {
        [
            Operation(
                method: .get, path: "/health/live", id: "isLive", tag: "System",
                summary: "Whether the process answers.",
                access: .everyone, answers: [.json(.reference("Health"))]),
            Operation(
                method: .get, path: "/health/ready", id: "isReady", tag: "System",
                summary: "Whether requests can be answered: a model, the database, and no stopping.",
                access: .everyone, answers: [.json(.reference("Health"))],
                problems: [.modelUnavailable, .storageUnavailable]),
            Operation(
                method: .get, path: "/metrics", id: "readMetrics", tag: "System",
                summary: "Metrics in Prometheus's text format, or OpenMetrics.",
                access: publicMetrics ? .everyone : .action(.metricsRead),
                answers: [.bytes("text/plain"), .bytes("application/openmetrics-text")]),
        ]
    }
}

/// What must be so before requests are sent here.
struct Readiness: Sendable {
    let models: ModelRegistry
    let database: any Database
    let draining: Draining

    /// - Throws: `CutisError` or `Problem` (503) that says what is missing.
    func check() async throws {
        if draining.isDraining {
            throw Problem(
                CutisError(.overloaded, "The server is stopping.", remedy: "Use another server."),
                status: .serviceUnavailable)
        }
        guard await !models.activeModels().isEmpty else {
            throw CutisError(
                .modelUnavailable, "No model is active.", remedy: "Load a bundle and activate it, or look at the log.")
        }
        _ = try await database.read { try $0.query("SELECT 1 AS one", []) }
    }
}
