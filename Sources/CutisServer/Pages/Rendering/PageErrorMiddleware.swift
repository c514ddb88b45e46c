import CutisCore
import CutisService
import HTTPTypes
import Hummingbird
import Logging

/// Answers browsers with a page where something fails, and sends those who are not signed in to where they can.
///
/// Everything else fails further out, as problem+json.
struct PageErrorMiddleware: RouterMiddleware {
    let renderer: PageRenderer
    let accounts: AccountService
    let isSecure: Bool

    func handle(
        _ request: Request, context: AppRequestContext, next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = Problem(from: error)
            guard Self.isForPerson(request), !problem.endsConnection else { throw error }
            if problem.error.code == .unauthenticated, context.notes.principal == nil {
                return .seeOther(SignInController.path(next: request))
            }
            context.notes.code = problem.error.code.rawValue
            if problem.status.code >= 500 {
                context.logger.error(
                    "request failed",
                    metadata: ["code": "\(problem.error.code.rawValue)", "error": "\(problem.error)"])
            }
            return try page(for: request, context, problem)
        }
    }

    /// Whether a person waits for a page: browsers say so, and the API's addresses never are one.
    private static func isForPerson(_ request: Request) -> Bool {
        let path = request.uri.path
        guard request.headers[.accept]?.contains("text/html") == true else { return false }
        return !["/api/", "/v2", "/metrics", "/health", "/openapi"].contains { path.hasPrefix($0) }
    }

    private func page(for request: Request, _ context: AppRequestContext, _ problem: Problem) throws -> Response {
        let principal = context.notes.principal
        let token = request.cookies[BrowserSession.cookieName(isSecure: isSecure)]?.value
        let call = renderer.open(
            request, principal: principal,
            csrf: principal == nil ? "" : token.map { accounts.csrf(session: $0) } ?? "",
            id: context.requestID)
        let key =
            switch problem.error.code {
            case .notFound: "not_found"
            case .forbidden: "forbidden"
            default: "title"
            }
        return try call.answer("error", title: call.messages.choice("problem", key), ErrorView(), problem: problem)
    }
}
