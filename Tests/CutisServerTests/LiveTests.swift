import AsyncHTTPClient
import CutisServer
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@Suite struct LiveTests {
    @Test(.enabled(if: LocalCertificate.canBeMade))
    func tlsSpeaksHTTP2() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try LocalCertificate.make(folder, "one")
        let server = try await TestServer { $0.tls = files }
        let key = server.key(.clinician)
        try await server.test(.ahc(.https)) { client in
            let port = try #require(client.port)
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.certificateVerification = .none
            let http = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
            do {
                var request = HTTPClientRequest(url: "https://localhost:\(port)/api/v1/analyze")
                request.method = .POST
                request.headers.add(name: "authorization", value: "Bearer \(key)")
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(ByteBuffer(string: TestServer.analyzeBody()))
                let response = try await http.execute(request, timeout: .seconds(120))
                let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
                #expect("\(response.version)" == "HTTP/2.0")
                #expect("\(response.status)".contains("200"), "\(body)")
                try await http.shutdown()
            } catch {
                try? await http.shutdown()
                throw error
            }
        }
    }

    @Test func chunkedBodiesAreLimitedAsTheyArrive() async throws {
        let server = try await TestServer { $0.limits.bodyBytes = 100_000 }
        let key = server.key(.clinician)
        try await server.test(.ahc()) { client in
            let port = try #require(client.port)
            var request = HTTPClientRequest(url: "http://localhost:\(port)/api/v1/analyze")
            request.method = .POST
            request.headers.add(name: "authorization", value: "Bearer \(key)")
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .stream(
                AsyncStream<ByteBuffer> { stream in
                    for _ in 0..<20 { stream.yield(ByteBuffer(repeating: 32, count: 10_000)) }
                    stream.finish()
                }, length: .unknown)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
            let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
            #expect(body.contains("body-too-large"), "\(body)")
        }
    }

    @Test func slowBodiesAreGivenUp() async throws {
        let server = try await TestServer(bodyTimeout: .milliseconds(300))
        let key = server.key(.clinician)
        try await server.test(.ahc()) { client in
            let port = try #require(client.port)
            var request = HTTPClientRequest(url: "http://localhost:\(port)/api/v1/analyze")
            request.method = .POST
            request.headers.add(name: "authorization", value: "Bearer \(key)")
            request.headers.add(name: "content-type", value: "application/json")
            let (stream, source) = AsyncStream<ByteBuffer>.makeStream()
            source.yield(ByteBuffer(string: "{"))
            request.body = .stream(stream, length: .unknown)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
            let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
            source.finish()
            #expect(body.contains("request-timeout"), "\(body)")
        }
    }
}
