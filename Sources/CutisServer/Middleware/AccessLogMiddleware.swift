import CutisService
import CutisStorage
import HTTPTypes
import Hummingbird
import Logging

/// Counts and logs every request by its route's template: no address, no query, no body, nothing of a patient.
///
/// The time is that from the request's head until its answer is ready to be written.
struct AccessLogMiddleware: RouterMiddleware {
    let metrics: ServiceMetrics

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    func handle(
        _ request: Request, context: AppRequestContext, next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let seconds = start.duration(to: .now) / .seconds(1)
        let route = context.endpointPath.flatMap { $0 == "NotFound" ? nil : $0 } ?? "none"
        // A method that nobody knows is a text of the caller's own.
        let method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
        metrics.httpRequest(route: route, method: method, status: response.status.code, seconds: seconds)
        var metadata: Logger.Metadata = [
            "method": "\(method)", "route": "\(route)", "status": "\(response.status.code)",
            "duration_ms": "\((seconds * 10_000).rounded() / 10)",
        ]
        if let principal = context.notes.principal {
            metadata["user"] = "\(principal.userID)"
            metadata["role"] = "\(principal.role.rawValue)"
        }
        if let code = context.notes.code { metadata["code"] = "\(code)" }
        context.logger.info("request", metadata: metadata)
        return response
    }
}
