import CutisCore
import Foundation

/// What the user is told when an S3-compatible store says no.
enum S3Failure {
    /// A connection that failed, which may pass.
    struct Broken: Error {
        let error: CutisError
    }

    static let cancelled = CutisError(
        .cancelled, "A request to the S3 store was stopped.", remedy: "Send the request again.")

    /// Whether the same request may be answered otherwise later.
    static func isTransient(_ answer: S3Transport.Answer) -> Bool {
        [408, 409, 429, 500, 502, 503, 504].contains(answer.status)
    }

    static func unreachable(_ configuration: S3Configuration, _ reason: String) -> CutisError {
        CutisError(
            .storageUnavailable, "The S3 store at \(configuration.endpoint.host ?? "") does not answer: \(reason).",
            remedy: "Check the network and the endpoint; the service tries again with the next request.")
    }

    /// The error for an answer that was not expected
    /// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
    static func error(_ answer: S3Transport.Answer, _ configuration: S3Configuration) -> CutisError {
        let code = answer.errorCode.map { String($0.prefix(60)) }
        let place = "the bucket \(configuration.bucket) at \(configuration.endpoint.host ?? "")"
        switch (answer.status, code) {
        case (507, _), (_, "QuotaExceeded"), (_, "XMinioStorageFull"), (_, "XMinioAdminBucketQuotaExceeded"):
            return CutisError(
                .noSpaceLeft, "The S3 store has no space left in \(place).",
                remedy: "Free some space or raise the quota; what was acknowledged is kept.")
        case (_, "NoSuchBucket"):
            return CutisError(
                .storageUnavailable, "There is no \(place.dropFirst(4)).", remedy: "Make the bucket, or mend its name.")
        case (_, "RequestTimeTooSkewed"):
            return CutisError(
                .storageUnavailable, "The S3 store refuses requests since this machine's clock is wrong.",
                remedy: "Set the clock (NTP).")
        case (301, _), (307, _), (_, "AuthorizationHeaderMalformed"):
            return CutisError(
                .storageUnavailable, "\(place.prefix(1).uppercased() + place.dropFirst()) is in another region.",
                remedy: "Name the bucket's own region and endpoint.")
        case (401, _), (403, _):
            return CutisError(
                .storageUnavailable, "The S3 store refuses the key for \(place) (\(code ?? "403")).",
                remedy: "Check the key, and that it may list, read, write and delete in the bucket.")
        default:
            return CutisError(
                .storageUnavailable,
                "The S3 store answered with status \(answer.status)\(code.map { " (\($0))" } ?? "") for \(place).",
                remedy: answer.status >= 500 ? "Try again later." : "Check that the endpoint speaks S3.")
        }
    }
}
