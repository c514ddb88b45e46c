import CutisStorage
import HTTPTypes
import Hummingbird
import Logging

/// Gives every request an identifier, a place in its trace and its share of the memory for bodies.
struct RequestIDMiddleware: RouterMiddleware {
    let gate: BodyGate
    let disconnections: Disconnections

    func handle(
        _ request: Request, context: AppRequestContext, next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        // A caller's own identifier is taken only in a form in which no name of a person fits.
        let given = request.headers[.requestID].flatMap { Identifier.isValid($0) ? $0 : nil }
        context.requestID = given ?? Identifier.make()
        context.trace = TraceContext(header: request.headers[.traceParent])
        context.bodyLease = BodyLease(gate)
        context.disconnections = disconnections
        context.logger[metadataKey: "request_id"] = "\(context.requestID)"
        context.logger[metadataKey: "trace_id"] = "\(context.trace.traceID)"
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        response.headers[.traceParent] = context.trace.header
        return response
    }
}

extension HTTPField.Name {
    /// A name that is known to be well formed.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is not the name of a field") }
        return field
    }

    static let requestID = known("X-Request-ID")
    static let traceParent = known("traceparent")
    static let csrfToken = known("X-CSRF-Token")
    static let idempotencyKey = known("Idempotency-Key")
    static let idempotencyReplayed = known("Idempotency-Replayed")
    static let secFetchSite = known("Sec-Fetch-Site")
    static let referrerPolicy = known("Referrer-Policy")
    static let permissionsPolicy = known("Permissions-Policy")
    static let crossOriginOpenerPolicy = known("Cross-Origin-Opener-Policy")
    static let crossOriginResourcePolicy = known("Cross-Origin-Resource-Policy")
    static let frameOptions = known("X-Frame-Options")
}
