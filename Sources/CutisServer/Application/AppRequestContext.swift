import CutisCore
import CutisService
import CutisStorage
import Hummingbird
import NIOCore

/// What is known of one request while it is answered.
struct AppRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The identifier of the request, in the response, the log and every problem.
    var requestID: String
    /// The request's place in a distributed trace.
    var trace: TraceContext
    /// Who asks; nil for a request without credentials.
    var principal: Principal?
    /// The browser session by which `principal` is known; nil for keys and tokens.
    var session: BrowserSession?
    /// The idempotency key that the request holds.
    var claim: IdempotencyClaim?
    /// What the request has kept already, when it came before.
    var kept: KeptWork?
    /// What is logged of the request.
    let notes = RequestNotes()
    /// What the request holds of the memory for bodies.
    var bodyLease: BodyLease?
    /// Who is told when the caller is gone.
    var disconnections: Disconnections?
    /// The connection's (HTTP/1.1) or the stream's (HTTP/2) channel.
    let channel: any Channel

    /// Makes the context of a request that has just arrived.
    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = ""
        trace = TraceContext()
        channel = source.channel
    }

    /// The address from which the request comes, as the connection has it.
    var clientAddress: String { channel.remoteAddress?.ipAddress ?? "local" }

    /// Who asks.
    ///
    /// - Throws: `CutisError` with `.unauthenticated` where the request has no credentials.
    func authenticated() throws(CutisError) -> Principal {
        guard let principal else {
            throw CutisError(
                .unauthenticated, "This address needs credentials.",
                remedy: "Send an API key as `Authorization: Bearer …`, or sign in.")
        }
        return principal
    }

    /// The request's whole body.
    ///
    /// - Throws: `Problem` where it breaks a limit (`BodyLease.collect`).
    func body(of request: Request, limit: Int) async throws -> ByteBuffer {
        guard let bodyLease else { return try await request.body.collect(upTo: limit) }
        return try await bodyLease.collect(request, limit: limit)
    }

    /// The members of the request's body, a JSON object without images.
    func fields(of request: Request) async throws -> JSONFields {
        guard request.mediaType == "application/json" else {
            throw CutisError(
                .mediaTypeUnsupported, "The body is not application/json.",
                remedy: "Send JSON with `Content-Type: application/json`.")
        }
        return try JSONFields(
            JSONDocument(await body(of: request, limit: 64 << 10), limits: .init(depth: 8, values: 4096)))
    }

    /// Does something for as long as the caller waits for it: when the connection ends, it is cancelled.
    func whileConnected<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        guard let disconnections else { return try await body() }
        return try await disconnections.cancelling(channel, body)
    }

    /// A parameter of the path.
    ///
    /// - Throws: `CutisError` with `.notFound` where it does not have the form of an identifier: then there can be
    ///   nothing of that name.
    func identifier(_ name: String) throws(CutisError) -> String {
        guard let text = parameters.get(name), Identifier.isValid(text) else { throw Self.nothingThere }
        return text
    }

    static let nothingThere = CutisError(
        .notFound, "There is nothing at this address.", remedy: "Check the address and the identifier in it.")
}
