import CutisCore
import CutisService
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Turns every error into problem+json, so that no route answers an error in another form.
struct ProblemMiddleware: RouterMiddleware {
    let routes: RouteTable

    func handle(
        _ request: Request, context: AppRequestContext, next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = routes.problem(for: request, context: context) ?? Problem(from: error)
            context.notes.code = problem.error.code.rawValue
            if problem.status.code >= 500 {
                context.logger.error(
                    "request failed",
                    metadata: ["code": "\(problem.error.code.rawValue)", "error": "\(describe(error))"])
            }
            var response = problem.response(
                requestID: context.requestID, revealsFailures: context.notes.principal?.may(.modelsManage) == true,
                repeatsDetail: request.uri.path.hasPrefix("/v2"))
            if problem.endsConnection {
                response.headers[.connection] = "close"
                context.closeSoon()
            }
            return response
        }
    }

    /// What the log says: our own errors in their words, others by their type and description.
    private func describe(_ error: any Error) -> String {
        switch error {
        case let error as CutisError: error.description
        case let problem as Problem: problem.error.description
        case let refusal as ServiceRefusal: refusal.error.description
        default: "\(type(of: error)): \(error)"
        }
    }
}

extension Problem {
    /// Whether the rest of the request's body is not wanted.
    var endsConnection: Bool { error.code == .bodyTooLarge || error.code == .requestTimeout }
}

extension AppRequestContext {
    /// Closes the connection (of HTTP/1.1) or the stream (of HTTP/2) after a moment in which the answer arrives, so
    /// that nobody can keep on sending what is not read.
    fileprivate func closeSoon() {
        channel.eventLoop.scheduleTask(in: .seconds(2)) { [channel] in channel.close(promise: nil) }
    }
}

/// All routes by method and path, filled when all controllers have added theirs.
final class RouteTable: Sendable {
    /// A method and a path's template, such as `GET /api/v1/analyses/{id}`.
    struct Route: Sendable, Hashable {
        var method: HTTPRequest.Method
        var template: String
    }

    private let stored = Mutex<[Route]>([])

    var routes: [Route] { stored.withLock { $0 } }

    func fill(_ routes: [Route]) { stored.withLock { $0 = routes } }

    /// The methods that an address has, empty where there is no such address.
    ///
    /// `/patients/search` fits `/patients/{id}` too: as for the router, the segment that is written out counts.
    func methods(at path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        let fitting = routes.filter { route in
            let template = route.template.split(separator: "/")
            return template.count == segments.count
                && zip(template, segments).allSatisfy { $0.first == "{" || $0 == $1 }
        }
        // "{" sorts after every letter of a written-out segment.
        guard let nearest = fitting.map(\.template).min() else { return [] }
        return fitting.filter { $0.template == nearest }.flatMap { $0.method == .get ? [.get, .head] : [$0.method] }
            .sorted { $0.rawValue < $1.rawValue }
    }

    /// Why the router found no route: another method at this address, or nothing at all. Nil where it found one.
    fileprivate func problem(for request: Request, context: AppRequestContext) -> Problem? {
        guard context.endpointPath == "NotFound" else { return nil }
        let methods = methods(at: request.uri.path)
        guard !methods.isEmpty else { return Problem(AppRequestContext.nothingThere) }
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        return Problem(
            CutisError(
                .methodNotAllowed, "This address does not take \(request.method.rawValue.prefix(16)).",
                remedy: "Use one of: \(allowed)."), headers: [.allow: allowed])
    }
}
