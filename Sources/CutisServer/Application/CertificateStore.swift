import CutisCore
import Foundation
public import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The server's certificate and key, read again when their files change; connections that are open keep theirs.
final class CertificateStore: Service {
    private struct Pair: Sendable {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
        /// What the files held, to see a change whatever the clock says.
        var content: [Data]
    }

    private let files: ServerConfiguration.TLSFiles
    private let logger: Logger
    private let pair: Mutex<Pair>

    /// Reads both files.
    ///
    /// - Throws: `CutisError` with `.configInvalid` where they cannot be read or do not belong together.
    init(_ files: ServerConfiguration.TLSFiles, logger: Logger) throws {
        self.files = files
        self.logger = logger
        pair = Mutex(try Self.read(files))
    }

    /// What the server's TLS does: 1.2 or newer, with the newest certificate for each new connection.
    func configuration() -> TLSConfiguration {
        let first = pair.withLock { $0 }
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: first.chain, privateKey: first.key)
        tls.minimumTLSVersion = .tlsv12
        tls.sslContextCallback = { [weak self] _, promise in
            var override = NIOSSLContextConfigurationOverride.noChanges
            if let now = self?.pair.withLock({ $0 }) {
                override.certificateChain = now.chain
                override.privateKey = now.key
            }
            promise.succeed(override)
        }
        return tls
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                try await Task.sleep(for: files.interval)
                reload()
            }
        }
    }

    /// Takes what the files hold now; a pair that does not fit is logged and the old one kept.
    ///
    /// - Returns: whether there was something new.
    @discardableResult
    func reload() -> Bool {
        do {
            let new = try Self.read(files)
            let isChanged = pair.withLock { pair in
                guard pair.content != new.content else { return false }
                pair = new
                return true
            }
            if isChanged { logger.notice("the certificate was read again") }
            return isChanged
        } catch {
            logger.error("the certificate could not be read again; the old one stays", metadata: ["error": "\(error)"])
            return false
        }
    }

    private static func read(_ files: ServerConfiguration.TLSFiles) throws -> Pair {
        do {
            let content = [try Data(contentsOf: files.certificate), try Data(contentsOf: files.privateKey)]
            let chain = try NIOSSLCertificate.fromPEMBytes([UInt8](content[0])).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = NIOSSLPrivateKeySource.privateKey(try NIOSSLPrivateKey(bytes: [UInt8](content[1]), format: .pem))
            // A context is what finds out whether the key belongs to the certificate.
            _ = try NIOSSLContext(configuration: .makeServerConfiguration(certificateChain: chain, privateKey: key))
            return Pair(chain: chain, key: key, content: content)
        } catch {
            throw CutisError(
                .configInvalid,
                "TLS with \(files.certificate.path) and \(files.privateKey.path) is not possible: \(error).",
                remedy: "Check that both are PEM files that belong together and that the server may read them.")
        }
    }
}

extension ServerConfiguration.TLSFiles {
    /// Reads both files.
    ///
    /// - Throws: `CutisError` with `.configInvalid` where they cannot be read or do not belong together.
    public func check(logger: Logger) throws { _ = try CertificateStore(self, logger: logger) }
}
