import Foundation
import Testing

/// A service that is told to stop finishes what it has accepted, and takes nothing new.
@Suite(.serialized) struct ServeDrainTests {
    @Test func anAcceptedRequestIsFinishedWhileNewConnectionsAreRefused() throws {
        let png = try Data(
            contentsOf: CommandLineTool.root.appendingPathComponent(
                "Models/cutis-dermoscopy/golden/synthetic-0.png"))
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            let connection = try #require(RawConnection(port: service.port))
            let head = [
                "POST /api/v1/analyze?patient_id=P&explain=false HTTP/1.1", "Host: 127.0.0.1",
                "Authorization: Bearer \(key)", "Content-Type: image/png", "Content-Length: \(png.count)",
                "Expect: 100-continue", "Connection: close", "", "",
            ]
            try connection.send(Data(head.joined(separator: "\r\n").utf8))
            // Now it is accepted.
            #expect(connection.receive(until: "\r\n\r\n").starts(with: Data("HTTP/1.1 100".utf8)))
            try connection.send(png.prefix(png.count / 2))
            service.process.terminate()
            let deadline = ContinuousClock.now + .seconds(120)
            while RawConnection(port: service.port) != nil, ContinuousClock.now < deadline { usleep(20_000) }
            #expect(RawConnection(port: service.port) == nil, "new connections are still accepted")
            #expect(service.process.isRunning)
            try connection.send(png.suffix(from: png.count / 2))
            let answer = String(decoding: connection.receive(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
            #expect(answer.contains("\"primary\":"), "\(answer)")
            #expect(service.stop(limit: 120) == 0, "\(service.errors)")

            // The answer was acknowledged, so it is kept and in the trail.
            let data = folder.appendingPathComponent("data").path
            let verified = try CommandLineTool.run(["audit", "verify", "--data", data])
            #expect(verified.status == 0 && verified.output.contains("all in order"), "\(verified.errors)")
            let again = try RunningService(folder)
            try again.waitUntilReady()
            let list = try again.get("/api/v1/analyses", key: key).object()
            #expect((list["analyses"] as? [Any])?.count == 1)
            #expect(again.stop() == 0)
        }
    }
}
