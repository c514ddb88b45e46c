import AsyncHTTPClient
import CutisCore
import Foundation
import NIOCore
import NIOHTTP1

/// Signed requests to one bucket, repeated where a failure may pass.
struct S3Transport: Sendable {
    let client: HTTPClient
    let configuration: S3Configuration

    /// What is asked.
    struct Request {
        var method: HTTPMethod
        /// The object's key with the prefix; nil for the bucket.
        var object: String?
        var query: [(String, String)] = []
        var headers: [(String, String)] = []
        var body = Data()
        /// The largest answer that is taken.
        var limit = 1 << 20
    }

    /// What is answered, whatever the status.
    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let body: Data

        /// The code of an error, such as `NoSuchKey`.
        var errorCode: String? { S3Document(body).first("Code") }
    }

    /// Sends a request until it is answered for good.
    ///
    /// - Throws: `CutisError` with `.storageUnavailable`, `.noSpaceLeft` or `.cancelled`; an answer with a status that
    ///   `accepted` holds is returned.
    func send(_ request: Request, accepting accepted: Set<Int>) async throws(CutisError) -> Answer {
        var failures = 0
        while true {
            let failure: CutisError
            do {
                let answer = try await attempt(request)
                if accepted.contains(answer.status) { return answer }
                let refusal = S3Failure.error(answer, configuration)
                guard S3Failure.isTransient(answer) else { throw refusal }
                throw S3Failure.Broken(error: refusal)
            } catch let error as S3Failure.Broken {
                failure = error.error
            } catch let error as CutisError {
                throw error
            } catch {
                throw S3Failure.unreachable(configuration, "\(error)")
            }
            failures += 1
            guard failures < configuration.attempts else { throw failure }
            do {
                try await Task.sleep(
                    for: configuration.pause * (1 << min(failures - 1, 8)) * Double.random(in: 1...1.25))
            } catch {
                throw S3Failure.cancelled
            }
        }
    }

    private func attempt(_ request: Request) async throws -> Answer {
        let path =
            "/"
            + S3Signature.encoded(
                configuration.bucket + (request.object.map { "/" + $0 } ?? ""), keeping: "/")
        let query = S3Signature.encoded(request.query)
        let base = configuration.endpoint.absoluteString
        var wire = HTTPClientRequest(
            url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + path + (query.isEmpty ? "" : "?" + query))
        wire.method = request.method
        let headers = request.headers + [("Host", host)]
        let signature = S3Signature(configuration.credentials, region: configuration.region)
        let added = signature.headers(
            method: request.method.rawValue, path: path, query: request.query, headers: headers, body: request.body,
            at: Date())
        for (name, value) in headers + added { wire.headers.add(name: name, value: value) }
        wire.headers.add(name: "User-Agent", value: "cutis")
        if request.method == .PUT { wire.body = .bytes(ByteBuffer(bytes: request.body)) }
        let deadline = NIODeadline.now() + .nanoseconds(Int64(configuration.timeout / .nanoseconds(1)))
        do {
            let response = try await client.execute(wire, deadline: deadline)
            let body = try await response.body.collect(upTo: request.limit)
            return Answer(
                status: Int(response.status.code), headers: response.headers, body: Data(body.readableBytesView))
        } catch is NIOTooManyBytesError {
            throw CutisError(
                .storageUnavailable, "The S3 store at \(host) answered with more than \(request.limit) bytes.",
                remedy: "Check that the bucket is used by this service alone.")
        } catch is CancellationError {
            throw S3Failure.cancelled
        } catch {
            if Task.isCancelled { throw S3Failure.cancelled }
            throw S3Failure.Broken(error: S3Failure.unreachable(configuration, Self.reason(error)))
        }
    }

    /// The host as the client sends it: with the port where that is not the scheme's.
    private var host: String {
        let url = configuration.endpoint
        let name = url.host ?? ""
        let bracketed = name.contains(":") && !name.hasPrefix("[") ? "[\(name)]" : name
        guard let port = url.port, port != (url.scheme == "https" ? 443 : 80) else { return bracketed }
        return "\(bracketed):\(port)"
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        // Errors of connections describe each address that was tried, at length.
        default: String("\(error)".prefix(120))
        }
    }
}
