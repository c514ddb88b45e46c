import AsyncHTTPClient
import CutisServer
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import ServiceFakes
import Testing

/// Work that nobody waits for any more is not done; a server that stops says so.
@Suite struct DisconnectTests {
    private func request(_ server: TestServer, _ port: Int, _ path: String = "analyze") -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http://localhost:\(port)/api/v1/\(path)")
        request.method = .POST
        request.headers.add(name: "authorization", value: "Bearer \(server.key(.clinician))")
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: TestServer.analyzeBody("mel=1", ",\"explain\":false")))
        return request
    }

    @Test func whoIsGoneIsTakenOutOfTheQueue() async throws {
        let server = try await TestServer { $0.timeouts.request = .seconds(600) }
        server.model.hold()
        defer { server.model.release() }
        try await server.test(.ahc()) { client in
            let port = try #require(client.port)
            let first = request(server, port)
            let staying = Task { try await HTTPClient.shared.execute(first, timeout: .seconds(600)).status.code }
            #expect(try await eventually { await server.queue().running == 1 })
            let going = (0..<5).map { _ in
                Task { _ = try await HTTPClient.shared.execute(first, timeout: .seconds(600)) }
            }
            #expect(try await eventually { await server.queue().waiting == 5 })
            for task in going.dropFirst() { task.cancel() }
            #expect(try await eventually { await server.queue().waiting == 1 })
            going.first?.cancel()
            #expect(try await eventually { await server.queue().waiting == 0 })
            #expect(await server.queue().running == 1)
            server.model.release()
            #expect(try await staying.value == 200)
            // The model has seen the one request that somebody waited for, and one is kept.
            #expect(server.model.seen.answers == 1)
            let list = try await client.send(.get, "/api/v1/analyses", key: server.key(.clinician))
            #expect((list["analyses"] as? [Any])?.count == 1)
            for task in going { await #expect(throws: (any Error).self) { try await task.value } }
        }
    }

    @Test func aServerThatStopsIsNotReadyButLives() async throws {
        let server = try await TestServer()
        let draining = Draining()
        try await server.test(draining: draining) { client in
            #expect(try await client.send(.get, "/health/ready").status == 200)
            draining.begin()
            let ready = try await client.send(.get, "/health/ready")
            #expect(ready.status == 503 && ready.code == "overloaded")
            #expect(ready.response.headers[.retryAfter] != nil)
            #expect((ready["detail"] as? String)?.contains("stopping") == true)
            #expect(try await client.send(.get, "/health/live").status == 200)
            // What comes over connections that are open is still answered.
            #expect(try await client.analyze(server).status == 200)
        }
    }
}
