import AsyncHTTPClient
import CutisCore
import CutisServer
import Foundation
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import Testing

/// The server's certificate is read again when its files change.
@Suite struct CertificateTests {
    /// Whether a new connection meets the certificate of a file.
    private func meets(_ certificate: URL, _ port: Int) async -> Bool {
        await (try? LocalCertificate.withClient(trusting: certificate) { try await status($0, port) }) == 200
    }

    private func status(_ client: HTTPClient, _ port: Int) async throws -> UInt {
        let request = HTTPClientRequest(url: "https://localhost:\(port)/health/live")
        let response = try await client.execute(request, timeout: .seconds(60))
        _ = try await response.body.collect(upTo: 1 << 16)
        return response.status.code
    }

    private func install(_ certificate: Data, _ key: Data, as files: ServerConfiguration.TLSFiles) throws {
        try certificate.write(to: files.certificate, options: .atomic)
        try key.write(to: files.privateKey, options: .atomic)
    }

    private func install(_ new: ServerConfiguration.TLSFiles, as files: ServerConfiguration.TLSFiles) throws {
        try install(Data(contentsOf: new.certificate), Data(contentsOf: new.privateKey), as: files)
    }

    @Test(.enabled(if: LocalCertificate.canBeMade))
    func newConnectionsGetTheNewCertificateAndABrokenOneIsNotTaken() async throws {
        try await LocalCertificate.withFolder { folder in
            let (one, two) = (try LocalCertificate.make(folder, "one"), try LocalCertificate.make(folder, "two"))
            let three = try LocalCertificate.make(folder, "three")
            let used = ServerConfiguration.TLSFiles(
                certificate: folder.appendingPathComponent("used.pem"),
                privateKey: folder.appendingPathComponent("used.key"), interval: .milliseconds(50))
            try install(one, as: used)
            let server = try await TestServer {
                $0.tls = used
                $0.timeouts.idle = .seconds(600)
            }
            try await server.test(.ahc(.https)) { client in
                let port = try #require(client.port)
                try await LocalCertificate.withClient(trusting: one.certificate) { open in
                    #expect(try await status(open, port) == 200)
                    #expect(await !meets(two.certificate, port))
                    try install(two, as: used)
                    #expect(try await eventually { await meets(two.certificate, port) })
                    #expect(await !meets(one.certificate, port))
                    // Who is connected stays so.
                    #expect(try await status(open, port) == 200)
                }
                // Not PEM, the key of another certificate, and nothing at all: each is looked at many times.
                let (certificate, key) = (
                    try Data(contentsOf: three.certificate), try Data(contentsOf: one.privateKey)
                )
                let broken = [(Data("no PEM".utf8), key), (certificate, key), (Data(), Data()), (certificate, Data())]
                for (certificate, key) in broken {
                    try install(certificate, key, as: used)
                    try await Task.sleep(for: .milliseconds(300))
                    #expect(await meets(two.certificate, port))
                }
                for url in [used.certificate, used.privateKey] { try FileManager.default.removeItem(at: url) }
                try await Task.sleep(for: .milliseconds(300))
                #expect(await meets(two.certificate, port))
                // After all that it still looks.
                try install(three, as: used)
                #expect(try await eventually { await meets(three.certificate, port) })
            }
        }
    }

    @Test(.enabled(if: LocalCertificate.canBeMade))
    func aServerDoesNotStartWithFilesThatDoNotBelongTogether() async throws {
        try await LocalCertificate.withFolder { folder in
            let (one, two) = (try LocalCertificate.make(folder, "one"), try LocalCertificate.make(folder, "two"))
            let cases = [
                ServerConfiguration.TLSFiles(certificate: one.certificate, privateKey: two.privateKey),
                ServerConfiguration.TLSFiles(certificate: one.privateKey, privateKey: one.privateKey),
                ServerConfiguration.TLSFiles(
                    certificate: one.certificate, privateKey: folder.appendingPathComponent("missing")),
            ]
            for files in cases {
                let server = try await TestServer { $0.tls = files }
                do {
                    try await server.test { _ in }
                    Issue.record("the server starts with \(files)")
                } catch {
                    #expect((error as? CutisError)?.code == .configInvalid, "\(error)")
                }
            }
        }
    }
}
