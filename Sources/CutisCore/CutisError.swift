/// An error for people: what is wrong and where, and what to do about it.
///
/// Every part of Cutis throws this type for anything that a user can cause or mend. The command line prints
/// `message` and `remedy` and exits with `code.exitCode`; the service answers with the same code.
public struct CutisError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The stable machine-readable code, such as `image-corrupt`.
    public let code: ErrorCode
    /// One sentence that names what is wrong and where (path, key, position).
    public let message: String
    /// One sentence that says what to do.
    public let remedy: String

    /// Makes an error from its code and its two sentences.
    public init(_ code: ErrorCode, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// Both sentences, as the command line prints them.
    public var description: String { "\(message) \(remedy)" }
}

/// The documented problem codes (`docs/errors.md`), the same on the command line and in the service.
public enum ErrorCode: String, Sendable, Hashable, Codable, CaseIterable {
    // Wrong call.
    case invalidArguments = "invalid-arguments"

    // Input that is refused.
    case fileNotFound = "file-not-found"
    case fileUnreadable = "file-unreadable"
    case fileEmpty = "file-empty"
    case folderWithoutImages = "folder-without-images"
    case imageUnsupported = "image-unsupported"
    case imageCorrupt = "image-corrupt"
    case imageTooLarge = "image-too-large"
    case imageTooSmall = "image-too-small"
    case tooManyImages = "too-many-images"
    case checkpointUnsupported = "checkpoint-unsupported"
    case checkpointCorrupt = "checkpoint-corrupt"
    case checkpointUnsafe = "checkpoint-unsafe"
    case checkpointMismatch = "checkpoint-mismatch"
    case configInvalid = "config-invalid"
    case labelsMismatch = "labels-mismatch"
    case weightsNotFinite = "weights-not-finite"
    case bundleInvalid = "bundle-invalid"
    case bundleHashMismatch = "bundle-hash-mismatch"
    case goldenMismatch = "golden-mismatch"
    case dataInvalid = "data-invalid"
    case imageQuality = "image-quality"
    case bodyTooLarge = "body-too-large"
    case requestInvalid = "request-invalid"
    case methodNotAllowed = "method-not-allowed"
    case mediaTypeUnsupported = "media-type-unsupported"
    case requestTimeout = "request-timeout"

    // Requests that are refused for who asks, or when.
    case unauthenticated = "unauthenticated"
    case forbidden = "forbidden"
    case notFound = "not-found"
    case conflict = "conflict"
    case idempotencyMismatch = "idempotency-mismatch"
    case rateLimited = "rate-limited"
    case overloaded = "overloaded"
    case deadlineExceeded = "deadline-exceeded"
    case modelUnavailable = "model-unavailable"

    // What the service keeps.
    case storageUnavailable = "storage-unavailable"
    case storageCorrupt = "storage-corrupt"
    case schemaMismatch = "schema-mismatch"
    case blobMissing = "blob-missing"
    case auditBroken = "audit-broken"
    case internalFailure = "internal-failure"

    // Work that could not be done.
    case outputUnwritable = "output-unwritable"
    case noSpaceLeft = "no-space-left"
    case outOfMemory = "out-of-memory"
    case deviceUnavailable = "device-unavailable"
    case precisionUnavailable = "precision-unavailable"
    case computeFailed = "compute-failed"
    case accuracyLost = "accuracy-lost"
    case networkFailed = "network-failed"
    case accessDenied = "access-denied"
    case notCached = "not-cached"
    case cancelled = "cancelled"

    /// The exit status of the command line: 1 failure, 2 usage, 3 input refused.
    public var exitCode: Int32 {
        switch self {
        case .invalidArguments: 2
        case .outputUnwritable, .noSpaceLeft, .outOfMemory, .deviceUnavailable, .precisionUnavailable,
            .computeFailed, .accuracyLost, .networkFailed, .accessDenied, .notCached, .cancelled, .rateLimited,
            .overloaded, .deadlineExceeded, .modelUnavailable, .storageUnavailable, .internalFailure:
            1
        default: 3
        }
    }
}
