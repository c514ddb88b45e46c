import CutisCore
import CutisService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Finds out who asks: by API key, by a token of the identity provider, or by the cookie of a browser that signed in.
///
/// A request without credentials goes on without a principal; what needs one refuses it. Wrong credentials are refused
/// here, whatever they were for.
struct AuthenticationMiddleware: RouterMiddleware {
    let accounts: AccountService
    let tokens: TokenVerifier?
    let configuration: ServerConfiguration

    /// The largest form that is read for its token.
    static let formLimit = 64 << 10

    func handle(
        _ request: Request, context: AppRequestContext, next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        var (request, context) = (request, context)
        if let header = request.headers[.authorization] {
            context.principal = try await principal(header)
        } else if let token = cookie(of: request) {
            try await signIn(token, &request, &context)
        }
        context.notes.principal = context.principal
        return try await next(request, context)
    }

    private func principal(_ header: String) async throws -> Principal {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw CutisError(
                .unauthenticated, "The Authorization header has another form than `Bearer …`.",
                remedy: "Send `Authorization: Bearer` and an API key or a token.")
        }
        let credential = parts[1].trimmingCharacters(in: .whitespaces)
        // Keys of this installation never hold a dot, tokens always two.
        guard let tokens, credential.contains(".") else {
            return try await accounts.authenticate(apiKey: credential)
        }
        return try await accounts.principal(for: tokens.identity(of: credential))
    }

    private func cookie(of request: Request) -> String? {
        guard let value = request.cookies[BrowserSession.cookieName(isSecure: configuration.isSecure)]?.value,
            (16...256).contains(value.utf8.count)
        else { return nil }
        return value
    }

    /// Takes a browser's session; what changes something must also prove that a page of this server sent it.
    private func signIn(
        _ token: String, _ request: inout Request, _ context: inout AppRequestContext
    ) async throws {
        // A session that has ended is no credential at all: the page asks to sign in again.
        let principal: Principal
        do {
            principal = try await accounts.principal(session: token)
        } catch let error as CutisError where error.code == .unauthenticated {
            return
        }
        let session = BrowserSession(token: token, csrfToken: accounts.csrf(session: token))
        if ![.get, .head, .options].contains(request.method) {
            guard isSameOrigin(request), try await hasToken(session, &request, context) else {
                throw CutisError(
                    .forbidden, "The request does not come from a page of this server.",
                    remedy: "Load the page again and repeat what you did.")
            }
        }
        context.principal = principal
        context.session = session
    }

    /// Whether the browser says that a page of this server sent the request, as far as it says anything.
    private func isSameOrigin(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { return false }
        guard let origin = request.headers[.origin] else { return true }
        if let own = configuration.publicOrigin { return origin == own }
        guard let host = request.head.authority else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    private func hasToken(
        _ session: BrowserSession, _ request: inout Request, _ context: AppRequestContext
    ) async throws -> Bool {
        if let token = request.headers[.csrfToken] { return accounts.isValid(csrf: token, session: session.token) }
        var sent: String?
        switch request.mediaType {
        case "application/x-www-form-urlencoded":
            let body = try await context.body(of: request, limit: Self.formLimit)
            request.body = RequestBody(buffer: body)
            sent = FormFields(body).first("csrf_token")
        case "multipart/form-data":
            // The page with which photos are sent works without scripts, which alone could set the header.
            let body = try await context.body(of: request, limit: configuration.limits.imageBytes + Self.formLimit)
            request.body = RequestBody(buffer: body)
            let form = try MultipartForm(body, contentType: request.headers[.contentType] ?? "", partLimit: 16)
            let part = form.parts.first { $0.name == "csrf_token" && $0.content.readableBytes <= 256 }
            sent = part.flatMap { String(validating: $0.content.readableBytesView, as: UTF8.self) }
        default: return false
        }
        return sent.map { accounts.isValid(csrf: $0, session: session.token) } ?? false
    }
}
