import CutisCore
import CutisServer
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ServiceFakes
import Testing

/// Every limit and every failure has a problem code of its own.
@Suite struct LimitTests {
    @Test func aFullQueueIsOverloaded() async throws {
        let server = try await TestServer(queue: QueueLimits(maximumBatchRows: 1, maximumQueuedRows: 2)) {
            $0.timeouts.request = .seconds(600)
        }
        server.model.hold()
        defer { server.model.release() }
        try await server.test { client in
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask { try await client.analyze(server).status }
                #expect(try await eventually { await server.queue().running == 1 })
                for _ in 0..<2 { group.addTask { try await client.analyze(server).status } }
                #expect(try await eventually { await server.queue().waiting == 2 })
                let refused = try await client.analyze(server)
                #expect(refused.status == 429 && refused.code == "overloaded", "\(refused.json)")
                #expect(refused.response.headers[.retryAfter].flatMap { Int($0) } ?? 0 >= 1)
                // Work that nobody waits for may fill a half of the queue only, and is refused too.
                let batch = try await client.send(
                    .post, "/api/v1/analyze", key: server.key(.clinician),
                    json: TestServer.analyzeBody("nv=1", ",\"priority\":\"batch\""))
                #expect(batch.status == 429 && batch.code == "overloaded")
                server.model.release()
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test func anAnswerThatComesTooLateIsSaidToBeSo() async throws {
        let server = try await TestServer(queue: QueueLimits(maximumBatchRows: 1)) {
            $0.timeouts.request = .milliseconds(500)
        }
        server.model.hold()
        defer { server.model.release() }
        try await server.test { client in
            async let first = client.analyze(server)
            let second = try await client.analyze(server)
            #expect(second.status == 503 && second.code == "deadline-exceeded", "\(second.json)")
            #expect(second.response.headers[.retryAfter] != nil)
            server.model.release()
            _ = try await first
        }
    }

    @Test func bodiesOfAllRequestsTogetherAreLimited() async throws {
        let server = try await TestServer { $0.limits.bodyBytesInFlight = 2_000 }
        try await server.test(.live) { client in
            let large = try await client.send(
                .post, "/api/v1/analyze", key: server.key(.clinician),
                json: TestServer.analyzeBody("nv=1", ",\"x\":\"\(String(repeating: "y", count: 4_000))\""))
            #expect(large.status == 429 && large.code == "overloaded", "\(large.json)")
            // What was held is given back.
            for _ in 0..<5 { #expect(try await client.analyze(server).status == 200) }
        }
    }

    @Test func aModelThatIsNotThereIsSaidToBeSo() async throws {
        let server = try await TestServer()
        try await server.test { client in
            for more in [",\"model\":\"nothing\"", ",\"model\":\"fake-classification\",\"model_version\":\"9.9.9\""] {
                let answer = try await client.send(
                    .post, "/api/v1/analyze", key: server.key(.clinician), json: TestServer.analyzeBody("nv=1", more))
                #expect(answer.status == 404 && answer.code == "not-found", "\(more): \(answer.json)")
            }
        }
    }

    @Test func whatIsDoneTwiceIsAConflict() async throws {
        let server = try await TestServer()
        try await server.test { client in
            let id = try await client.analyze(server).id
            let sign = "/api/v1/analyses/\(id)/sign"
            #expect(try await client.send(.post, sign, key: server.key(.clinician)).status == 200)
            let again = try await client.send(.post, sign, key: server.key(.clinician))
            #expect(again.status == 409 && again.code == "conflict", "\(again.json)")
        }
    }

    /// What fails behind the routes is told by its code, and nothing of the inside to those who do not operate it.
    @Test func failuresKeepTheirCodesAndTheirSecrets() async throws {
        let server = try await TestServer()
        let cases: [(ErrorCode, Int)] = [
            (.storageCorrupt, 500), (.blobMissing, 500), (.auditBroken, 500), (.schemaMismatch, 500),
            (.internalFailure, 500), (.computeFailed, 500), (.noSpaceLeft, 507), (.storageUnavailable, 503),
            (.outOfMemory, 503),
        ]
        try await server.test { client in
            let id = try await client.analyze(server).id
            for (code, status) in cases {
                server.blobs.fail(CutisError(code, "/secret/folder is broken.", remedy: "Look at /secret/folder."))
                for uri in ["/api/v1/analyses/\(id)/image", "/api/v1/analyses/\(id)/attention"] {
                    let answer = try await client.send(.get, uri, key: server.key(.clinician))
                    #expect(answer.status == status && answer.code == code.rawValue, "\(uri): \(answer.json)")
                    #expect((answer["remedy"] as? String)?.isEmpty == false && answer["request_id"] != nil)
                    let isTemporary = answer.response.headers[.retryAfter] != nil
                    #expect(isTemporary == (status == 503), "\(code)")
                    if code != .outOfMemory {
                        #expect(!String(buffer: answer.response.body).contains("secret"), "\(code)")
                    }
                }
                let written = try await client.analyze(server)
                #expect(written.status == status && written.code == code.rawValue, "\(code): \(written.json)")
                // Who operates the server sees the whole.
                let operated = try await client.send(.get, "/api/v1/analyses/\(id)/image", key: server.adminKey)
                #expect((operated["detail"] as? String)?.contains("/secret/folder") == true, "\(operated.json)")
            }
            server.blobs.fail(nil)
            // What was refused is not half kept.
            let list = try await client.send(.get, "/api/v1/analyses", key: server.key(.clinician))
            #expect((list["analyses"] as? [Any])?.count == 1)
            server.blobs.removeAll()
            let missing = try await client.send(.get, "/api/v1/analyses/\(id)/image", key: server.key(.clinician))
            #expect(missing.status == 500 && missing.code == "blob-missing")
            #expect(try await client.analyze(server).status == 200)
        }
    }

    @Test func aDatabaseThatIsGoneIsUnavailable() async throws {
        let server = try await TestServer()
        try await server.test { client in
            await server.container.database.close()
            for (method, uri) in [(HTTPRequest.Method.get, "/health/ready"), (.get, "/api/v1/analyses")] {
                let answer = try await client.send(method, uri, key: server.key(.clinician))
                #expect(answer.status == 503 && answer.code == "storage-unavailable", "\(uri): \(answer.json)")
                #expect(answer.response.headers[.retryAfter] != nil)
                #expect(!String(buffer: answer.response.body).contains(server.folder.lastPathComponent))
            }
            #expect(try await client.send(.get, "/health/live").status == 200)
        }
    }
}
