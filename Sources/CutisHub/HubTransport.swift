import AsyncHTTPClient
import CutisCore
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Requests to one hub, each with the access token where that belongs and nowhere else.
struct HubTransport: Sendable {
    let client: HTTPClient
    let endpoint: HubEndpoint
    let token: AccessToken?
    let retry: RetryPolicy
    /// Seconds that a request for metadata may take.
    let metadataTimeout: Int64

    /// An answer with content, and the headers of all answers on the way there from the hub itself.
    struct Answer {
        let response: HTTPClientResponse
        let hubHeaders: [HTTPHeaders]
        /// Whether the answer points to another host, where a caller that wants headers only need not go.
        let leavesHub: Bool

        /// A header of the hub's last answer that has it.
        func header(_ name: String) -> String? {
            hubHeaders.reversed().lazy.compactMap { $0.first(name: name) }.first
        }

        /// The content's size, where this answer carries the content.
        var contentLength: String? { leavesHub ? nil : response.headers.first(name: "Content-Length") }
    }

    /// Ends the idle connections. Nothing depends on how they end.
    func shutDown() async {
        try? await client.shutdown()
    }

    /// Lists a repository's files.
    ///
    /// - Throws: `.networkFailed`, `.accessDenied`, `.fileNotFound`, `.checkpointUnsafe`, `.cancelled`.
    func listing(_ repository: RepositoryName, _ revision: Revision) async throws(CutisError) -> RepositoryListing {
        let url = try endpoint.listing(repository, revision)
        let subject = HubSubject(repository: repository, revision: revision)
        let bytes = try await retry.run { () async throws(Setback) in
            let deadline = NIODeadline.now() + .seconds(metadataTimeout)
            let answer = try await send(.GET, url, subject: subject, deadline: deadline)
            do {
                let buffer = try await answer.response.body.collect(upTo: RepositoryListing.maximumBytes)
                return Data(buffer.readableBytesView)
            } catch is NIOTooManyBytesError {
                let limit = ByteCount(RepositoryListing.maximumBytes)
                throw Setback(
                    final: CutisError(
                        .networkFailed, "The hub's listing of \(repository) is larger than \(limit).",
                        remedy: "Check the repository's id and HF_ENDPOINT."))
            } catch {
                throw broken(error, url)
            }
        }
        return try RepositoryListing(answer: bytes, of: repository)
    }

    /// Sends one request and follows redirects.
    ///
    /// The access token goes to the hub's own origin only, not to a host that a redirect names. A `HEAD` request stops
    /// at a redirect away from the hub once the hub has told the content's tag.
    func send(
        _ method: HTTPMethod, _ start: URL, subject: HubSubject, from offset: Int = 0, deadline: NIODeadline
    ) async throws(Setback) -> Answer {
        var url = start
        var hubHeaders: [HTTPHeaders] = []
        for _ in 0..<10 {
            let response = try await exchange(method, url, offset: offset, deadline: deadline)
            let knewTag = hubHeaders.contains { $0.contains(name: "X-Linked-ETag") }
            if Origin(url) == endpoint.origin || !knewTag { hubHeaders.append(response.headers) }
            switch Int(response.status.code) {
            case 200, 206, 416:
                return Answer(response: response, hubHeaders: hubHeaders, leavesHub: false)
            case 301, 302, 303, 307, 308:
                let next = try target(of: response, at: url)
                let knowsTag = knewTag || response.headers.contains(name: "X-Linked-ETag")
                if method == .HEAD, Origin(next) != endpoint.origin, knowsTag {
                    return Answer(response: response, hubHeaders: hubHeaders, leavesHub: true)
                }
                // Reading the short body to its end lets the connection be used again.
                _ = try? await response.body.collect(upTo: 1 << 16)
                url = next
            case let status:
                throw HubFailure.setback(
                    status: status, headers: response.headers, subject: subject, endpoint: endpoint, token: token)
            }
        }
        throw Setback(
            final: CutisError(
                .networkFailed, "The hub sends the request for \(subject.description) around in circles.",
                remedy: "Check HF_ENDPOINT."))
    }

    private func exchange(
        _ method: HTTPMethod, _ url: URL, offset: Int, deadline: NIODeadline
    ) async throws(Setback) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = method
        request.headers.add(name: "User-Agent", value: "cutis")
        // A compressed transfer would hide the real size and could not be continued.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if offset > 0 { request.headers.add(name: "Range", value: "bytes=\(offset)-") }
        if let token, let origin = Origin(url), origin == endpoint.origin, origin.isPrivate {
            request.headers.add(name: "Authorization", value: "Bearer \(token.secret)")
        }
        do {
            return try await client.execute(request, deadline: deadline)
        } catch {
            throw broken(error, url)
        }
    }

    private func target(of response: HTTPClientResponse, at url: URL) throws(Setback) -> URL {
        let location = response.headers.first(name: "Location") ?? ""
        guard let next = URL(string: location, relativeTo: url)?.absoluteURL, let origin = Origin(next),
            !location.isEmpty, origin.scheme == "https" || url.scheme == "http"
        else {
            throw Setback(
                final: CutisError(
                    .networkFailed, "The hub redirects to an address that is none, or is not encrypted as the hub is.",
                    remedy: "Check HF_ENDPOINT, and that no proxy or login page answers in the hub's place."))
        }
        return next
    }

    /// The setback for a connection that failed.
    func broken(_ error: any Error, _ url: URL, madeProgress: Bool = false) -> Setback {
        if Task.isCancelled { return Setback(final: HubFailure.cancelled) }
        let host = url.host ?? endpoint.base
        if error is NIOSSLError || error is NIOSSLExtraError {
            return Setback(
                final: CutisError(
                    .networkFailed,
                    "No trusted encrypted connection to \(host): its certificate or protocol is refused.",
                    remedy:
                        "If your network inspects encrypted traffic, set SSL_CERT_FILE to its certificates; check the "
                        + "machine's clock and its ca-certificates package."))
        }
        let reason: String
        switch error {
        case let error as HTTPClientError: reason = error.shortDescription
        case let error as NIOConnectionError where error.connectionErrors.isEmpty: reason = "the host is not known"
        case is NIOConnectionError: reason = "no connection"
        default: reason = "\(error)"
        }
        // Only the host is named: the rest of an address can hold a signature that opens the file.
        return Setback(
            transient: CutisError(
                .networkFailed,
                "The connection to \(host) failed (\(HubText.clean(reason, hiding: token?.secret))).",
                remedy:
                    "Check the network, HF_ENDPOINT and the proxy settings, and run the command again; what arrived is "
                    + "kept."),
            madeProgress: madeProgress)
    }
}
