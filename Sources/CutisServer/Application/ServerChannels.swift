import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import NIOCore
import NIOSSL

/// How connections are answered: HTTP/1.1, and over TLS also HTTP/2 by ALPN.
enum ServerChannels {
    /// - Parameter tls: nil for plain HTTP/1.1.
    static func builder(
        _ configuration: ServerConfiguration, tls: TLSConfiguration?, disconnections: Disconnections
    ) -> HTTPServerBuilder {
        let idle = TimeAmount.nanoseconds(
            configuration.timeouts.idle.components.seconds * 1_000_000_000
                + configuration.timeouts.idle.components.attoseconds / 1_000_000_000)
        let http1 = HTTP1Channel.Configuration(
            additionalChannelHandlers: [disconnections.handler()], idleTimeout: idle,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
        return HTTPServerBuilder { responder in
            let answering = answeringExpectations(responder, limit: configuration.limits.bodyBytes)
            guard let tls else { return HTTP1Channel(responder: answering, configuration: http1) }
            return try HTTP2UpgradeChannel(
                tlsConfiguration: tls,
                configuration: .init(
                    idleTimeout: configuration.timeouts.idle, gracefulCloseTimeout: configuration.timeouts.drain,
                    streamConfiguration: http1),
                responder: answering)
        }
    }

    /// Answers `Expect: 100-continue` at once, unless the announced body is over the limit: then the refusal comes
    /// before the body is sent. Without it curl waits a second before it sends an image.
    private static func answeringExpectations(
        _ responder: @escaping HTTPChannelHandler.Responder, limit: Int
    ) -> HTTPChannelHandler.Responder {
        { request, writer, channel in
            if request.headers[.expect]?.lowercased() == "100-continue",
                request.headers[.contentLength].flatMap({ Int($0) }) ?? 0 <= limit
            {
                try await writer.writeInformationalHead(HTTPResponse(status: .continue))
            }
            try await responder(request, writer, channel)
        }
    }
}
