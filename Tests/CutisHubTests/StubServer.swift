import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on a free port of this machine that answers as a test tells it and notes what it was asked.
final class StubServer: Sendable {
    /// What was asked.
    struct Request: Sendable {
        let method: String
        /// The address without its query, escapes kept.
        let path: String
        let headers: HTTPHeaders

        func header(_ name: String) -> String? { headers.first(name: name) }
    }

    /// What is answered.
    struct Reply: Sendable {
        var status = 200
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        /// The `Content-Length`, where it differs from the body's; nil for the true one.
        var declaredLength: Int?
        /// Sends so many bytes of the body and breaks the connection.
        var breakAfter: Int?
        /// Sends so many bytes of the body and then nothing more.
        var stallAfter: Int?
        /// Sends no `Content-Length`.
        var isChunked = false

        static func status(_ status: Int, _ headers: [(String, String)] = [], _ body: String = "") -> Reply {
            Reply(status: status, headers: headers, body: Array(body.utf8))
        }
    }

    typealias Handler = @Sendable (Request) -> Reply

    let port: Int
    private let channel: any Channel
    private let log: Log

    final class Log: Sendable {
        let requests = Mutex<[Request]>([])
        let connections = Mutex(0)
    }

    var address: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { log.requests.withLock { $0 } }
    var connections: Int { log.connections.withLock { $0 } }

    /// The requests by method and path, such as `GET /org/name/resolve/…`.
    func count(_ method: String, _ pathSuffix: String = "") -> Int {
        requests.count { $0.method == method && $0.path.hasSuffix(pathSuffix) }
    }

    init(_ handler: @escaping Handler) async throws {
        let log = Log()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                log.connections.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(StubHandler(handler, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.log = log
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    func stop() async {
        try? await channel.close()
    }
}

/// One connection of the stub server.
private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: StubServer.Handler
    private let log: StubServer.Log
    private var head: HTTPRequestHead?

    init(_ handler: @escaping StubServer.Handler, _ log: StubServer.Log) {
        self.handler = handler
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            let path = head.uri.split(separator: "?", maxSplits: 1).first.map(String.init) ?? head.uri
            let request = StubServer.Request(method: head.method.rawValue, path: path, headers: head.headers)
            log.requests.withLock { $0.append(request) }
            answer(handler(request), isHead: head.method == .HEAD, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ reply: StubServer.Reply, isHead: Bool, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(reply.headers)
        if !reply.isChunked, !headers.contains(name: "Content-Length") {
            headers.add(name: "Content-Length", value: "\(reply.declaredLength ?? reply.body.count)")
        }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead {
            let count = reply.breakAfter ?? reply.stallAfter ?? reply.body.count
            let buffer = context.channel.allocator.buffer(bytes: reply.body.prefix(count))
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            if reply.breakAfter != nil {
                // The pause lets the client take in what was sent before the connection ends.
                let channel = context.channel
                context.eventLoop.scheduleTask(in: .milliseconds(150)) { channel.close(promise: nil) }
                return
            }
            if reply.stallAfter != nil { return }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
