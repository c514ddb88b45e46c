import CutisService
import Hummingbird

/// Lets each client ask for so much and no more: by user, or by address before anybody is known.
struct AdmissionMiddleware: RouterMiddleware {
    let admission: AdmissionController

    func handle(
        _ request: Request, context: AppRequestContext, next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        // Whether the server lives must be heard however much it is asked.
        if request.uri.path.hasPrefix("/health/") { return try await next(request, context) }
        let client = context.principal?.userID ?? "address \(context.clientAddress)"
        // Reading is cheap, and a page brings a dozen requests along.
        let isReading = [.get, .head].contains(request.method)
        let pass = try admission.admit(client, cost: isReading ? 0.1 : 1)
        defer { withExtendedLifetime(pass) {} }
        return try await next(request, context)
    }
}
