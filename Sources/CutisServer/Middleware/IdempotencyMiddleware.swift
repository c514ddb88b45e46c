import Crypto
import CutisCore
import CutisService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Gives a POST with an `Idempotency-Key` that comes again the answer of the first one
/// (draft-ietf-httpapi-idempotency-key-header-07).
///
/// Only answers that would come again anyway are kept: successes and refusals of the request itself. What was refused
/// for the moment (401, 403, 408, 429) or failed (5xx) may be sent again.
struct IdempotencyMiddleware: RouterMiddleware {
    let idempotency: IdempotencyService
    let bodyLimit: Int

    /// Whose answer holds what must be stored nowhere: the text of a new key.
    static let excluded: Set = ["/api/v1/accounts/keys"]

    func handle(
        _ request: Request, context: AppRequestContext, next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .post, let key = request.headers[.idempotencyKey], let principal = context.principal,
            !Self.excluded.contains(context.endpointPath ?? "")
        else { return try await next(request, context) }
        var (request, context) = (request, context)
        let body = try await context.body(of: request, limit: bodyLimit)
        request.body = RequestBody(buffer: body)
        let start = try await idempotency.begin(
            user: principal.userID, key: Self.unquoted(key), requestHash: Self.hash(request, body))
        switch start {
        case .replay(let status, let body):
            var headers: HTTPFields = [.idempotencyReplayed: "true"]
            headers[.contentType] = status < 400 ? "application/json" : "application/problem+json"
            return Response(
                status: .init(code: status), headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
        case .fresh(let claim):
            context.claim = claim
            return try await answer(claim, request, context, next)
        case .kept(let analyses, let visit):
            context.kept = KeptWork(analyses: analyses, visit: visit)
            var response = try await next(request, context)
            response.headers[.idempotencyReplayed] = "true"
            return response
        }
    }

    private func answer(
        _ claim: IdempotencyClaim, _ request: Request, _ context: AppRequestContext,
        _ next: (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            let problem = Problem(from: error)
            if problem.isFinal {
                let response = problem.response(requestID: context.requestID, revealsFailures: false)
                try await finish(claim, response)
            } else {
                await abandon(claim)
            }
            throw error
        }
        try await finish(claim, response)
        return response
    }

    private func finish(_ claim: IdempotencyClaim, _ response: Response) async throws {
        let collected = CollectingWriter()
        try await response.body.write(collected)
        try await idempotency.finish(
            claim, status: response.status.code, body: Data(collected.bytes.withLock { $0 }.readableBytesView))
    }

    /// The caller's task may be cancelled, which must not keep the key taken.
    private func abandon(_ claim: IdempotencyClaim) async {
        await Task { [idempotency] in try? await idempotency.abandon(claim) }.value
    }

    /// The draft makes the value a quoted string; many clients send it bare.
    private static func unquoted(_ key: String) -> String {
        key.count >= 2 && key.hasPrefix("\"") && key.hasSuffix("\"") ? String(key.dropFirst().dropLast()) : key
    }

    /// What makes two requests the same: method, address, media type and body. The boundary of a form makes no
    /// difference, for it is drawn anew each time that a form is written.
    private static func hash(_ request: Request, _ body: ByteBuffer) -> String {
        var hash = SHA256()
        hash.update(
            data: Data("\(request.method.rawValue)\n\(request.head.path ?? "")\n\(request.mediaType)\n".utf8))
        if request.mediaType == "multipart/form-data",
            let form = try? MultipartForm(body, contentType: request.headers[.contentType] ?? "", partLimit: 64)
        {
            for part in form.parts {
                hash.update(data: Data("\(part.name)\n\(part.content.readableBytes)\n".utf8))
                part.content.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            }
        } else {
            body.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        }
        return Hexadecimal.text(hash.finalize())
    }
}

/// What a request with the same key has kept already: it is read from the store instead of done again.
struct KeptWork: Sendable {
    var analyses: [String]
    var visit: String?
}

extension Problem {
    /// Whether the same request would be refused again.
    fileprivate var isFinal: Bool {
        (400..<500).contains(status.code) && ![401, 403, 408, 409, 429].contains(status.code)
    }
}
