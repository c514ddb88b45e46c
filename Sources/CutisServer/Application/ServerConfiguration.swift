public import Foundation

/// How the server listens, and what it lets in.
public struct ServerConfiguration: Sendable {
    /// Files for TLS; both are read again when they change.
    public struct TLSFiles: Sendable, Hashable {
        /// The certificate and its chain, PEM.
        public var certificate: URL
        /// The private key, PEM.
        public var privateKey: URL
        /// How often the files are looked at.
        public var interval: Duration

        /// Joins both.
        public init(certificate: URL, privateKey: URL, interval: Duration = .seconds(30)) {
            self.certificate = certificate
            self.privateKey = privateKey
            self.interval = interval
        }
    }

    /// What is refused, each with a problem code of its own.
    public struct Limits: Sendable, Hashable {
        /// The largest body of a request, in bytes (`body-too-large`); three 20 MB photos as base64 fit.
        public var bodyBytes = 96 << 20
        /// The largest image file, in bytes (`image-too-large`).
        public var imageBytes = 20 << 20
        /// The most images in one request of several lesions (`too-many-images`).
        public var imagesPerVisit = 16
        /// The largest body without images, in bytes (`body-too-large`).
        public var smallBodyBytes = 1 << 20
        /// Bodies that may be held at the same time, in bytes, before new ones wait for `overloaded`.
        public var bodyBytesInFlight = 512 << 20
        /// Connections that are open at the same time; more wait in the kernel's queue.
        public var connections = 2048

        /// The limits of a clinic's server.
        public init() {}
    }

    /// Times after which something is given up.
    public struct Timeouts: Sendable, Hashable {
        /// A connection on which nothing happens is closed.
        public var idle: Duration = .seconds(60)
        /// The longest time that a body may take to arrive.
        public var body: Duration = .seconds(60)
        /// The deadline of a request for a model, from when its body has arrived.
        public var request: Duration = .seconds(30)
        /// How long requests in flight may take to finish when the server stops.
        public var drain: Duration = .seconds(30)

        /// The times of a clinic's server.
        public init() {}
    }

    /// The address on which to listen.
    public var host = "127.0.0.1"
    /// The port; 0 lets the system choose.
    public var port = 8080
    /// TLS; nil for plain HTTP behind a proxy or on loopback.
    public var tls: TLSFiles?
    /// How browsers reach the server, such as `https://cutis.example.org`; nil takes the request's own host.
    public var publicOrigin: String?
    /// Whether `/metrics` answers without credentials. It holds counts only, no names.
    public var publicMetrics = false
    /// The only folder from which models can be loaded by request; nil for none.
    public var bundles: URL?
    /// The product's version, for the API document.
    public var version = "0.0.0"
    /// What is refused.
    public var limits = Limits()
    /// When something is given up.
    public var timeouts = Timeouts()
    /// Tokens of an identity provider that are accepted beside API keys.
    public var tokens: TokenConfiguration?

    /// A server on loopback, without TLS.
    public init() {}

    /// Whether browsers talk TLS to the server, directly or through a proxy.
    var isSecure: Bool { tls != nil || publicOrigin?.hasPrefix("https://") == true }
}
