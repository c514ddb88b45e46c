import AsyncHTTPClient
import CutisCore
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// The HTTP client of one pull, set up as the environment says.
enum HubConnection {
    /// Makes the client; whoever makes it shuts it down.
    ///
    /// - Throws: `.invalidArguments` for a proxy address that is none; `.fileNotFound` for a missing certificate file.
    static func client(_ environment: HubEnvironment, endpoint: HubEndpoint) throws(CutisError) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        // Redirects are followed by hand: the access token must stay with its origin, and the hub's headers are read
        // off the answers on the way.
        configuration.redirectConfiguration = .disallow
        // Large files gain nothing from multiplexing and lose by its small flow-control windows.
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout = HTTPClient.Configuration.Timeout(
            connect: .seconds(10), read: .seconds(environment.seconds("HF_HUB_DOWNLOAD_TIMEOUT", default: 30)))
        configuration.proxy = try proxy(environment, endpoint: endpoint)
        if let file = certificates(environment) {
            guard FileStatus(file)?.isFile == true else {
                throw CutisError(
                    .fileNotFound, "The certificate file \(file) does not exist.",
                    remedy: "Mend SSL_CERT_FILE, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE.")
            }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(file)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
    }

    private static func certificates(_ environment: HubEnvironment) -> String? {
        environment["SSL_CERT_FILE"] ?? environment["REQUESTS_CA_BUNDLE"] ?? environment["CURL_CA_BUNDLE"]
    }

    private static func proxy(
        _ environment: HubEnvironment, endpoint: HubEndpoint
    ) throws(CutisError) -> HTTPClient.Configuration.Proxy? {
        let name = endpoint.origin.scheme + "_proxy"
        guard let text = environment[name] ?? environment[name.uppercased()],
            !bypasses(environment["no_proxy"] ?? environment["NO_PROXY"] ?? "", endpoint.origin)
        else { return nil }
        guard let url = URL(string: text.contains("://") ? text : "http://\(text)"), url.scheme == "http",
            let host = url.host, !host.isEmpty
        else {
            throw CutisError(
                .invalidArguments, "\(name) is not the address of an HTTP proxy.",
                remedy: "Set it to an address such as http://proxy.example:3128, or leave it out.")
        }
        guard let user = url.user(percentEncoded: false), let password = url.password(percentEncoded: false) else {
            return .server(host: host, port: url.port ?? 80)
        }
        return .server(host: host, port: url.port ?? 80, authorization: .basic(username: user, password: password))
    }

    /// Whether the list of hosts without a proxy names this host, one of its parent domains, or everything.
    private static func bypasses(_ list: String, _ origin: Origin) -> Bool {
        origin.isLoopback
            || list.split(whereSeparator: { ", ".contains($0) }).contains { entry in
                let name = entry.lowercased().drop { $0 == "." }
                return entry == "*" || origin.host == name || origin.host.hasSuffix("." + name)
            }
    }
}
