import AsyncHTTPClient
import CutisServer
import Foundation
import NIOCore
import NIOSSL

/// Self-signed certificates for localhost, by the openssl of the machine.
enum LocalCertificate {
    private static let tool = "/usr/bin/openssl"

    static let canBeMade = FileManager.default.fileExists(atPath: tool)

    /// Writes a certificate and its key; the server that has them looks at them all the time.
    static func make(_ folder: URL, _ name: String) throws -> ServerConfiguration.TLSFiles {
        let files = ServerConfiguration.TLSFiles(
            certificate: folder.appendingPathComponent("\(name).pem"),
            privateKey: folder.appendingPathComponent("\(name).key"), interval: .milliseconds(50))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost", "-keyout", files.privateKey.path,
            "-out", files.certificate.path,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return files
    }

    static func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// A client that trusts one certificate only.
    static func withClient<Result>(
        trusting certificate: URL, _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificate.path)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.idleTimeout = .minutes(10)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(client)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}

/// Waits until something is so, for as long as a busy machine may need.
func eventually(within limit: Duration = .seconds(120), _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}
