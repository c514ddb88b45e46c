import CutisCore
import CutisService
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle
import UnixSignals

/// The server: all routes over HTTP/1.1, and HTTP/2 where there is TLS.
///
/// Run it in `serviceGroup(_:configuration:logger:)`, which stops it without losing a request.
///
/// - Throws: `CutisError` with `.configInvalid` for TLS files that cannot be used and page templates that are broken,
///   `.fileNotFound` where the pages are not installed.
public func buildApplication(
    _ container: ServiceContainer, configuration: ServerConfiguration, logger: Logger
) throws -> some ApplicationProtocol {
    try buildApplication(container, configuration: configuration, draining: Draining(), logger: logger)
}

/// The server, with who says that it is stopping.
package func buildApplication(
    _ container: ServiceContainer, configuration: ServerConfiguration, draining: Draining, logger: Logger
) throws -> some ApplicationProtocol {
    let disconnections = Disconnections()
    let certificates = try configuration.tls.map { try CertificateStore($0, logger: logger) }
    let router = try buildRouter(
        container, configuration: configuration, draining: draining, disconnections: disconnections, logger: logger)
    return Application(
        router: router,
        server: ServerChannels.builder(
            configuration, tls: certificates?.configuration(), disconnections: disconnections),
        configuration: ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port), serverName: nil, backlog: 1024,
            availableConnectionsDelegate: .maximum(configuration.limits.connections, logger: logger)),
        services: [draining] + (certificates.map { [$0] } ?? []), logger: logger)
}

/// What runs a server and further services until a signal: first it stops accepting, then requests in flight end, at
/// most `timeouts.drain` long, then what is still there is cancelled.
///
/// - Parameter services: the server last, so that what it needs starts before it and ends after it.
public func serviceGroup(
    _ services: [any Service], configuration: ServerConfiguration, logger: Logger
) -> ServiceGroup {
    var group = ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = configuration.timeouts.drain
    return ServiceGroup(configuration: group)
}

/// All routes with what goes around each of them.
///
/// - Throws: `CutisError` for pages that are broken or not installed.
func buildRouter(
    _ container: ServiceContainer, configuration: ServerConfiguration, draining: Draining,
    disconnections: Disconnections = Disconnections(), logger: Logger
) throws(CutisError) -> Router<AppRequestContext> {
    let pages = PageRenderer(resources: try PageResources(folder: PageResources.installedFolder()))
    let routes = RouteTable()
    let gate = BodyGate(limit: configuration.limits.bodyBytesInFlight, timeout: configuration.timeouts.body)
    let router = Router(context: AppRequestContext.self, options: .autoGenerateHeadEndpoints)
    // From the outside to the inside.
    router.addMiddleware {
        RequestIDMiddleware(gate: gate, disconnections: disconnections)
        AccessLogMiddleware(metrics: container.metrics)
        SecurityHeadersMiddleware(isSecure: configuration.isSecure)
        ProblemMiddleware(routes: routes)
        PageErrorMiddleware(renderer: pages, accounts: container.accounts, isSecure: configuration.isSecure)
        AuthenticationMiddleware(
            accounts: container.accounts, tokens: configuration.tokens.map { TokenVerifier($0, logger: logger) },
            configuration: configuration)
        AdmissionMiddleware(admission: container.admission)
        IdempotencyMiddleware(
            idempotency: container.idempotency, bodyLimit: configuration.limits.bodyBytes)
    }
    let all =
        controllers(of: container, configuration: configuration, draining: draining)
        + pageControllers(of: container, renderer: pages, configuration: configuration)
    let group = router.group()
    for controller in all { controller.addRoutes(to: group) }
    APIDocumentController(describing: all.flatMap(\.operations), version: configuration.version).addRoutes(to: group)
    routes.fill(router.routes.map { RouteTable.Route(method: $0.method, template: $0.path.description) })
    return router
}

/// Every route of a server as method and template, for tests of what is documented.
package func registeredRoutes(_ container: ServiceContainer, configuration: ServerConfiguration) throws -> [String] {
    try buildRouter(
        container, configuration: configuration, draining: Draining(), logger: Logger(label: "routes")
    ).routes.map { "\($0.method.rawValue) \($0.path.description)" }
}
