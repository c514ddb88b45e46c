import Hummingbird

/// A group of routes about one thing. A new endpoint is a controller of its own and one line in `controllers(of:)`.
protocol Controller: Sendable {
    /// Adds the routes, with their whole paths.
    func addRoutes(to group: RouterGroup<AppRequestContext>)

    /// What the API document says of each route; empty for pages, which are no part of the API.
    var operations: [Operation] { get }
}

extension Controller {
    /// No part of the API.
    var operations: [Operation] { [] }
}

/// All controllers of the server.
func controllers(
    of container: ServiceContainer, configuration: ServerConfiguration, draining: Draining
) -> [any Controller] {
    let (limits, timeout) = (configuration.limits, configuration.timeouts.request)
    return [
        AnalyzeController(analyses: container.analyses, limits: limits, timeout: timeout),
        AnalysesController(analyses: container.analyses, retention: container.retention, timeout: timeout),
        InferenceController(analyses: container.analyses, limits: limits, timeout: timeout),
        PatientsController(analyses: container.analyses, retention: container.retention),
        FeedbackController(feedback: container.feedback, reviews: container.reviews),
        ModelsController(models: container.models, bundles: configuration.bundles),
        AccountsController(accounts: container.accounts),
        AuditController(audit: container.audit),
        OpenInferenceController(
            models: container.models, limits: limits, timeout: timeout, version: configuration.version,
            readiness: Readiness(models: container.models, database: container.database, draining: draining)),
        SystemController(
            models: container.models, metrics: container.metrics, database: container.database, draining: draining,
            publicMetrics: configuration.publicMetrics),
    ]
}
