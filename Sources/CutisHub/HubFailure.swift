import CutisCore
import NIOHTTP1

/// What was asked of the hub, for messages.
struct HubSubject: Sendable {
    let repository: RepositoryName
    let revision: Revision
    /// The file; nil where the repository itself was asked for.
    var path: String?

    var description: String {
        path.map { "\(HubText.clean($0)) of \(repository)" } ?? "\(repository) at revision \(revision)"
    }
}

/// What the user is told when the hub says no.
enum HubFailure {
    static let cancelled = CutisError(
        .cancelled, "The download was stopped.",
        remedy: "What arrived is kept; run the same command again to go on from there.")

    /// The setback for an answer that is neither content nor a redirect.
    static func setback(
        status: Int, headers: HTTPHeaders, subject: HubSubject, endpoint: HubEndpoint, token: AccessToken?
    ) -> Setback {
        let said = headers.first(name: "X-Error-Message").map { " (\(HubText.clean($0, hiding: token?.secret)))" } ?? ""
        switch (status, headers.first(name: "X-Error-Code")) {
        case (_, "GatedRepo"): return Setback(final: gated(subject, endpoint, hasToken: token != nil))
        case (_, "RepoNotFound"), (401, _):
            return Setback(final: unknown(subject, endpoint, status, hasToken: token != nil))
        case (403, _):
            return Setback(
                final: CutisError(
                    .accessDenied, "The hub does not give \(subject.description)\(said).",
                    remedy: token == nil
                        ? "If the model is private or gated, ask for access at \(endpoint.page(subject.repository)) "
                            + "and set HF_TOKEN to an access token."
                        : "Check at \(endpoint.page(subject.repository)) that your account has access, and that the "
                            + "token may read this repository."))
        case (404, _), (410, _): return Setback(final: missing(subject, endpoint, headers.first(name: "X-Error-Code")))
        case (429, _):
            return Setback(
                transient: CutisError(
                    .networkFailed, "The hub refuses more requests for now (429)\(retryText(headers)).",
                    remedy: token == nil
                        ? "Wait and try again; with HF_TOKEN set the limits are wider." : "Wait and try again."),
                wait: retryAfter(headers))
        default:
            let error = CutisError(
                .networkFailed,
                "The hub answered with status \(status) to the request for \(subject.description)\(said).",
                remedy: status >= 500 ? "Try again later; what arrived is kept." : "Check HF_ENDPOINT and the names.")
            return status >= 500 || status == 408
                ? Setback(transient: error, wait: retryAfter(headers)) : Setback(final: error)
        }
    }

    private static func gated(_ subject: HubSubject, _ endpoint: HubEndpoint, hasToken: Bool) -> CutisError {
        let page = endpoint.page(subject.repository)
        return CutisError(
            .accessDenied, "\(subject.repository) is gated: its owner gives it only to those who accept its licence.",
            remedy: hasToken
                ? "Sign in at \(page) with the account of your token and accept the conditions there (the owner may "
                    + "have to approve), check that the token may read gated repositories, and run the command again."
                : "Sign in at \(page), accept the conditions there, make a read token at "
                    + "\(endpoint.base)/settings/tokens, set HF_TOKEN to it, and run the command again.")
    }

    private static func unknown(
        _ subject: HubSubject, _ endpoint: HubEndpoint, _ status: Int, hasToken: Bool
    ) -> CutisError {
        if status == 404 { return missing(subject, endpoint, "RepoNotFound") }
        return CutisError(
            .accessDenied,
            hasToken
                ? "The hub does not accept the access token for \(subject.repository), or there is no such repository."
                : "The hub shows \(subject.repository) to nobody without a token: it is private or does not exist.",
            remedy: hasToken
                ? "Check the id; make a new read token at \(endpoint.base)/settings/tokens and set HF_TOKEN to it."
                : "Check the id; for a private repository set HF_TOKEN to an access token.")
    }

    private static func missing(_ subject: HubSubject, _ endpoint: HubEndpoint, _ code: String?) -> CutisError {
        if let path = subject.path, code != "RepoNotFound", code != "RevisionNotFound" {
            return CutisError(
                .fileNotFound, "\(subject.repository) has no file \(HubText.clean(path)) at \(subject.revision).",
                remedy: "See the files at \(endpoint.page(subject.repository))/tree/\(subject.revision).")
        }
        if code == "RevisionNotFound" {
            return CutisError(
                .fileNotFound, "\(subject.repository) has no revision \(subject.revision).",
                remedy: "See its branches and tags at \(endpoint.page(subject.repository)).")
        }
        return CutisError(
            .fileNotFound,
            "The hub at \(endpoint.base) has no repository \(subject.repository) (or no revision \(subject.revision)).",
            remedy: "Check the id and the revision; for a private repository set HF_TOKEN to an access token.")
    }

    private static func retryText(_ headers: HTTPHeaders) -> String {
        retryAfter(headers).map { " and asks to wait \($0.components.seconds) s" } ?? ""
    }

    /// The pause that the server asks for, in `Retry-After` (seconds; dates are not read) or in `RateLimit` (`t=`).
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        let limit = headers.first(name: "RateLimit").flatMap { $0.firstMatch(of: /;\s*t=(\d{1,9})/)?.1 }
        let seconds = headers.first(name: "Retry-After").flatMap(Int.init) ?? limit.flatMap { Int($0) }
        guard let seconds, (0...1_000_000_000).contains(seconds) else { return nil }
        return .seconds(seconds)
    }
}
