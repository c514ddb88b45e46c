import Foundation
import Testing

/// `cutis serve` as a process: its life, its answers, and what it refuses to start with.
@Suite(.serialized) struct ServeTests {
    private static let golden = CommandLineTool.root.appendingPathComponent(
        "Models/cutis-dermoscopy/golden/synthetic-0.png")

    @Test func aClinicStartsAsksStopsAndComesBack() throws {
        try CommandLineTool.withFolder { folder in
            let first = try RunningService(folder)
            try first.waitUntilReady()
            let key = try #require(first.adminKey)
            #expect(first.output.contains("web page: http://127.0.0.1:\(first.port)/"))
            #expect(try first.get("/health/live").status == 200)
            #expect(try first.get("/api/v1/models").status == 401)
            let answer = try first.post("/api/v1/analyze", json: try Self.request(), key: key)
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            try Self.compare(try answer.object())
            #expect(first.stop() == 0, "\(first.errors)")

            let second = try RunningService(folder)
            try second.waitUntilReady()
            #expect(second.adminKey == nil)
            #expect(try second.get("/api/v1/models", key: key).status == 200)
            #expect(second.stop() == 0)
            let verified = try CommandLineTool.run(
                ["audit", "verify", "--data", folder.appendingPathComponent("data").path])
            #expect(verified.status == 0, "\(verified.errors)")
            #expect(verified.output.contains("all in order"))
        }
    }

    private static func request() throws -> [String: Any] {
        [
            "image": try Data(contentsOf: golden).base64EncodedString(), "clinic_id": "default",
            "patient_id": "patient-1",
        ]
    }

    /// The service says what `cutis classify` says.
    private static func compare(_ answer: [String: Any]) throws {
        let diagnosis = try #require(answer["diagnosis"] as? [String: Any])
        let served = try #require(diagnosis["all_classes"] as? [String: Double])
        let printed = try CommandLineTool.run(["classify", golden.path, "--quiet"]).object()
        let classes = try #require(printed["classes"] as? [[String: Any]])
        #expect(served.count == classes.count)
        for entry in classes {
            let (id, probability) = (entry["id"] as? String ?? "", entry["probability"] as? Double ?? -1)
            #expect(abs((served[id] ?? 9) - probability) < 1e-6, "\(id)")
        }
        #expect(diagnosis["primary"] as? String == (classes.first?["id"] as? String))
        #expect(
            (answer["attention_map"] as? String).flatMap { Data(base64Encoded: $0) }?.starts(with: [0x89, 0x50]) == true
        )
        #expect(answer["recommendation"] as? String == printed["recommendation"] as? String)
    }

    /// A request that is under way when the service is stopped gets its answer.
    @Test func whatWasAcceptedIsFinished() throws {
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            let json = try Self.request()
            nonisolated(unsafe) let (sent, running) = (json, service)
            let group = DispatchGroup()
            nonisolated(unsafe) var statuses: [Int] = []
            let lock = NSLock()
            for _ in 0..<8 {
                DispatchQueue.global().async(group: group) {
                    let status = (try? running.post("/api/v1/analyze", json: sent, key: key))?.status ?? -1
                    lock.withLock { statuses.append(status) }
                }
            }
            usleep(150_000)
            #expect(service.stop() == 0, "\(service.errors)")
            group.wait()
            // What came too late finds no server; nothing that was let in is cut off.
            #expect(statuses.allSatisfy { [200, 503, -1].contains($0) }, "\(statuses)")
            #expect(statuses.contains(200), "\(statuses)")
        }
    }

    private static func refusal(_ folder: URL, _ more: [String], _ status: Int32, _ words: [String]) throws {
        let port = try RunningService.freePort()
        let outcome = try CommandLineTool.run(
            ["serve", "--data", folder.appendingPathComponent("data").path, "--port", "\(port)"] + more)
        #expect(outcome.status == status, "\(outcome.errors)")
        for word in words { #expect(outcome.errors.contains(word), "\(word) in: \(outcome.errors)") }
    }

    @Test func whatIsDamagedIsRefusedWithAReason() throws {
        try CommandLineTool.withFolder { folder in
            let data = folder.appendingPathComponent("data")
            let service = try RunningService(folder)
            try service.waitUntilReady()
            // A second server in the same folder, and one on the same port.
            try Self.refusal(folder, [], 3, ["Another process"])
            let taken = try CommandLineTool.run(
                ["serve", "--data", folder.appendingPathComponent("b").path, "--port", "\(service.port)"])
            #expect(taken.status == 2 && taken.errors.contains("in use"), "\(taken.errors)")
            #expect(service.stop() == 0)

            let key = data.appendingPathComponent("keys/installation.key")
            let secret = try Data(contentsOf: key)
            try FileManager.default.removeItem(at: key)
            try Self.refusal(folder, [], 3, ["installation's secret", "missing"])
            try secret.write(to: key)

            let database = data.appendingPathComponent("cutis.sqlite")
            let whole = try Data(contentsOf: database)
            var broken = whole
            for index in stride(from: 4096, to: broken.count, by: 64) { broken[index] ^= 0xFF }
            try broken.write(to: database)
            try Self.refusal(folder, [], 3, ["cutis.sqlite"])
            try Data("not a database at all, only some text\n".utf8).write(to: database)
            try Self.refusal(folder, [], 3, ["not a database"])
            try whole.write(to: database)
            let again = try RunningService(folder)
            try again.waitUntilReady()
            #expect(again.stop() == 0)
        }
    }

    @Test func aBundleThatDoesNotProveItselfIsRefused() throws {
        try CommandLineTool.withFolder { folder in
            let bundle = folder.appendingPathComponent("bundle")
            try FileManager.default.copyItem(
                at: CommandLineTool.root.appendingPathComponent("Models/cutis-dermoscopy"), to: bundle)
            let manifest = bundle.appendingPathComponent("bundle.json")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            let changed = text.replacingOccurrences(of: "0.6377953886985779", with: "0.7377953886985779")
            #expect(changed != text)
            try Data(changed.utf8).write(to: manifest)
            try Self.refusal(folder, ["--model", bundle.path], 3, ["golden case"])
        }
    }

    @Test func rulesThatDoNotFitTheModelAreRefused() throws {
        try CommandLineTool.withFolder { folder in
            let rules = folder.appendingPathComponent("rules.json")
            let text = #"{"version": "7", "rules": [{"class": "wart", "text": "Freeze it."}, {"text": "See someone."}]}"#
            try Data(text.utf8).write(to: rules)
            let config = folder.appendingPathComponent("cutis.yaml")
            try Data("recommendations:\n  file: \(rules.path)\n".utf8).write(to: config)
            try Self.refusal(folder, ["--config", config.path], 3, ["recommendations.file", "wart", "does not have"])
        }
    }

    @Test func backupsComeBack() throws {
        try CommandLineTool.withFolder { folder in
            let data = folder.appendingPathComponent("data").path
            let service = try RunningService(folder)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            let sent = try service.post("/api/v1/analyze", json: try Self.request(), key: key)
            let id = try #require(try sent.object()["id"] as? String)
            let backup = folder.appendingPathComponent("backup").path
            let made = try CommandLineTool.run(["backup", backup, "--data", data])
            #expect(made.status == 0, "\(made.errors)")
            #expect(try CommandLineTool.run(["backup", backup, "--verify"]).status == 0)
            #expect(service.stop() == 0)

            let new = folder.appendingPathComponent("new")
            let target = new.appendingPathComponent("data")
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: data + "/keys", toPath: target.appendingPathComponent("keys").path)
            let restored = try CommandLineTool.run(["restore", backup, "--data", target.path])
            #expect(restored.status == 0, "\(restored.errors)")
            let again = try RunningService(new)
            try again.waitUntilReady()
            #expect(try again.get("/api/v1/analyses/\(id)", key: key).status == 200)
            #expect(again.stop() == 0)
            // The signed end that the old service put aside fits the restored trail.
            let heads = try FileManager.default.contentsOfDirectory(atPath: data + "/audit-heads")
            let head = try #require(heads.first)
            let verified = try CommandLineTool.run(
                ["audit", "verify", "--data", target.path, "--head", "\(data)/audit-heads/\(head)"])
            #expect(verified.status == 0, "\(verified.errors)")
        }
    }
}
