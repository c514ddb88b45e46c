import CutisCore
import CutisService
import HTTPTypes
import Hummingbird
import NIOCore

/// An error as the API tells it: RFC 9457 (problem+json) with the code, the remedy and the request's identifier.
struct Problem: Error, Sendable {
    var status: HTTPResponse.Status
    var error: CutisError
    /// After how many seconds to try again.
    var retryAfter: Int?
    /// More fields of the response, such as `Allow`.
    var headers: HTTPFields

    init(
        _ error: CutisError, status: HTTPResponse.Status? = nil, retryAfter: Int? = nil, headers: HTTPFields = [:]
    ) {
        self.error = error
        self.status = status ?? error.code.status
        self.retryAfter = retryAfter
        self.headers = headers
    }

    /// Any error as a problem. What nobody foresaw becomes `internal-failure`, without a word of what it was.
    init(from error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let refusal as ServiceRefusal: self.init(refusal.error, retryAfter: refusal.retryAfter)
        case let error as CutisError: self.init(error)
        case is NIOTooManyBytesError: self.init(Self.bodyTooLarge(limit: nil))
        case let error as HTTPError: self.init(framework: error.status)
        case is CancellationError:
            self.init(
                CutisError(.cancelled, "The request was given up before it was answered.", remedy: "Send it again."))
        default: self.init(Self.unexpected)
        }
    }

    /// The response.
    ///
    /// - Parameters:
    ///   - revealsFailures: whether the reader operates the server, so that failures of the server are told in full;
    ///     others are told which kind of failure it was.
    ///   - repeatsDetail: whether the detail stands under `error` too, where the Open Inference Protocol wants it.
    func response(requestID: String, revealsFailures: Bool, repeatsDetail: Bool = false) -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        if let seconds = retryAfter ?? error.code.usualRetryAfter { headers[.retryAfter] = String(seconds) }
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer realm=\"cutis\"" }
        let isHidden = error.code.isFailureOfServer && !revealsFailures
        let detail = OrderedJSON.string(isHidden ? error.code.title + "." : error.message)
        var body = OrderedJSON.object([
            "type": .string("/errors#\(error.code.rawValue)"),
            "title": .string(error.code.title),
            "status": .integer(status.code),
            "detail": detail,
            "code": .string(error.code.rawValue),
            "remedy": .string(isHidden ? error.code.remedyForOthers : error.remedy),
            "request_id": .string(requestID),
        ])
        if repeatsDetail { body = body.appending(["error": detail]) }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: body.text(pretty: false)))
        )
    }

    static let unexpected = CutisError(
        .internalFailure, "Something went wrong inside the server.",
        remedy: "Give the request_id to the administrator: the log says more.")

    static func bodyTooLarge(limit: Int?) -> CutisError {
        let size = limit.map { " of \($0) bytes" } ?? ""
        return CutisError(
            .bodyTooLarge, "The body is larger than the limit\(size) of this address.",
            remedy: "Send fewer or smaller images, or split the request.")
    }

    /// The framework's own refusals, by their status.
    private init(framework status: HTTPResponse.Status) {
        switch status {
        case .notFound: self.init(AppRequestContext.nothingThere)
        case .contentTooLarge: self.init(Self.bodyTooLarge(limit: nil))
        case let status where (400..<500).contains(status.code):
            self.init(
                CutisError(
                    .requestInvalid, "The request cannot be read.",
                    remedy: "Compare it with the description at /openapi.json."), status: status)
        default: self.init(Self.unexpected)
        }
    }
}

extension ErrorCode {
    /// The status with which the API answers.
    var status: HTTPResponse.Status {
        switch self {
        case .invalidArguments, .requestInvalid, .dataInvalid, .fileEmpty, .folderWithoutImages: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .conflict: .conflict
        case .bodyTooLarge, .imageTooLarge: .contentTooLarge
        case .imageUnsupported, .mediaTypeUnsupported: .unsupportedMediaType
        case .imageCorrupt, .imageTooSmall, .imageQuality, .tooManyImages, .idempotencyMismatch, .fileNotFound,
            .fileUnreadable, .checkpointUnsupported, .checkpointCorrupt, .checkpointUnsafe, .checkpointMismatch,
            .configInvalid, .labelsMismatch, .weightsNotFinite, .bundleInvalid, .bundleHashMismatch, .goldenMismatch,
            .precisionUnavailable, .deviceUnavailable:
            .unprocessableContent
        case .rateLimited, .overloaded: .tooManyRequests
        case .deadlineExceeded, .modelUnavailable, .storageUnavailable, .outOfMemory, .cancelled: .serviceUnavailable
        case .noSpaceLeft: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .storageCorrupt, .schemaMismatch, .blobMissing, .auditBroken, .internalFailure, .outputUnwritable,
            .computeFailed, .accuracyLost, .networkFailed, .accessDenied, .notCached:
            .internalServerError
        }
    }

    /// What the code says, in a few words.
    var title: String {
        switch self {
        case .methodNotAllowed: "Method not allowed"
        case .requestInvalid, .invalidArguments: "The request is not valid"
        case .mediaTypeUnsupported: "Media type not supported"
        default:
            rawValue.prefix(1).uppercased() + rawValue.dropFirst().replacing("-", with: " ")
        }
    }

    /// When to try again, where the part that refused does not say; nil where trying again does not help.
    var usualRetryAfter: Int? {
        switch self {
        case .rateLimited, .overloaded, .deadlineExceeded: 1
        case .modelUnavailable, .storageUnavailable, .outOfMemory, .cancelled: 5
        default: nil
        }
    }

    /// What somebody can do who does not operate the server.
    var remedyForOthers: String {
        let others = "Give the request_id to the administrator: the log says more."
        return usualRetryAfter == nil ? others : "Try again in a few seconds. If it stays so: " + others
    }

    /// Whether the server is at fault, so that the message may speak of its inside: of paths, addresses and users of its
    /// storage. What a caller may mend or wait for is told to everyone.
    var isFailureOfServer: Bool {
        switch self {
        case .storageUnavailable: true
        default: status.code >= 500 && usualRetryAfter == nil
        }
    }
}
