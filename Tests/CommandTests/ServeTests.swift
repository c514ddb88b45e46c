import CutisImaging
import CutisStorage
import CutisStorageSQLite
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
            let id = try #require(try answer.object()["id"] as? String)
            let small = try first.get("/api/v1/analyses/\(id)/image?side=64", key: key)
            #expect(small.status == 200 && small.type == "image/jpeg")
            #expect(try ImageDecoder.decode(small.body, name: "small").width == 64)
            #expect(try first.get("/api/v1/analyses/\(id)/image?side=8", key: key).status == 400)
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

    /// What callers send stands in the log in one line, so that nobody can write lines of his own there.
    @Test func callersCannotForgeLinesOfTheLog() throws {
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder, ["--set", "log.level=debug"])
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            var json = try Self.request()
            json["model"] = "a\n2026-01-01T00:00:00+0000 error cutis: forged\u{1B}[2J\u{2028}"
            let answer = try service.post("/api/v1/analyze", json: json, key: key)
            #expect(answer.status == 404, "\(String(decoding: answer.body, as: UTF8.self))")
            // A folder that is not there is repeated in the log.
            let bundle = ["bundle": "b\n2026-01-01T00:00:00+0000 error cutis: forged\u{1B}[2J"]
            _ = try service.post("/api/v1/models", json: bundle, key: key)
            _ = try service.get("/forged%0A2026-01-01T00:00:00+0000%20error%20forged", key: key)
            #expect(service.stop() == 0)
            let lines = service.errors.split(separator: "\n")
            #expect(!lines.isEmpty)
            #expect(lines.allSatisfy { !$0.hasPrefix("2026-01-01") && !$0.contains("\u{1B}") }, "\(service.errors)")
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
            let port = try RunningService.freePort()
            let outcome = try CommandLineTool.run([
                "serve", "--data", folder.appendingPathComponent("data").path, "--port", "\(port)", "--model",
                bundle.path,
            ])
            #expect(outcome.status == 3 && outcome.errors.contains("golden case"), "\(outcome.errors)")
            // The administrator's key was made by this first run: it must have been shown, for no other run does.
            let line = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("admin key: ") })
            let service = try RunningService(folder)
            try service.waitUntilReady()
            #expect(service.adminKey == nil)
            #expect(try service.get("/api/v1/models", key: String(line.dropFirst(11))).status == 200)
            #expect(service.stop() == 0)
        }
    }

    /// Otherwise a clinic whose database is gone would begin anew without a word.
    @Test func aNewDatabaseBesideOldImagesIsRefused() throws {
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            #expect(try service.post("/api/v1/analyze", json: try Self.request(), key: key).status == 200)
            #expect(service.stop() == 0)
            let database = folder.appendingPathComponent("data/cutis.sqlite")
            let content = try Data(contentsOf: database)
            try FileManager.default.removeItem(at: database)
            try Self.refusal(folder, [], 3, ["database is new", "images", "newest backup"])
            try Data().write(to: database)
            try Self.refusal(folder, [], 3, ["database is new"])
            try content.write(to: database)
            let again = try RunningService(folder)
            try again.waitUntilReady()
            #expect(again.stop() == 0)
        }
    }

    @Test func keysEndWhenTheyShould() throws {
        try CommandLineTool.withFolder { folder in
            let data = folder.appendingPathComponent("data").path
            let service = try RunningService(folder)
            try service.waitUntilReady()
            let make = ["keys", "create", "--user", "Clinician 1", "--clinic", "default", "--data", data, "--days"]
            for days in ["nan", "inf", "1e300", "0"] {
                let outcome = try CommandLineTool.run(make + [days])
                #expect(outcome.status == 2 && outcome.errors.contains("--days"), "\(days): \(outcome.errors)")
            }
            let made = try CommandLineTool.run(make + ["0.5"])
            #expect(made.status == 0, "\(made.errors)")
            let list = try CommandLineTool.run(["keys", "list", "--data", data])
            // What was refused left no user behind.
            #expect(list.output.split(separator: "\n").count == 2, "\(list.output)")
            #expect(service.stop() == 0)
        }
    }

    @Test func rulesThatDoNotFitTheModelAreRefused() throws {
        try CommandLineTool.withFolder { folder in
            let rules = folder.appendingPathComponent("rules.json")
            let text = #"{"version": "7", "rules": [{"class": "wart", "text": "Freeze."}, {"text": "Wait."}]}"#
            try Data(text.utf8).write(to: rules)
            let config = folder.appendingPathComponent("cutis.yaml")
            try Data("recommendations:\n  file: \(rules.path)\n".utf8).write(to: config)
            try Self.refusal(folder, ["--config", config.path], 3, ["recommendations.file", "wart", "does not have"])
        }
    }

    @Test func missingImagesAreRefusedUnlessTolerated() throws {
        try CommandLineTool.withFolder { folder in
            let service = try RunningService(folder)
            try service.waitUntilReady()
            let key = try #require(service.adminKey)
            #expect(try service.post("/api/v1/analyze", json: try Self.request(), key: key).status == 200)
            #expect(service.stop() == 0)
            let images = folder.appendingPathComponent("data/images")
            try FileManager.default.moveItem(at: images, to: folder.appendingPathComponent("elsewhere"))
            try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
            try Self.refusal(folder, [], 3, ["1 of the 1 newest images", "tolerates_missing_images"])
            let without = try RunningService(folder, ["--set", "data.tolerates_missing_images=true"])
            try without.waitUntilReady()
            #expect(without.stop() == 0)
            try FileManager.default.removeItem(at: images)
            try FileManager.default.moveItem(at: folder.appendingPathComponent("elsewhere"), to: images)
            let again = try RunningService(folder)
            try again.waitUntilReady()
            #expect(again.stop() == 0)
        }
    }

    @Test func aClockBeforeTheNewestRecordIsRefused() async throws {
        try await CommandLineTool.withFolder { folder in
            let service = try RunningService(folder)
            try service.waitUntilReady()
            #expect(service.stop() == 0)
            // What a machine leaves behind whose clock stood two hours ahead.
            let file = folder.appendingPathComponent("data/cutis.sqlite")
            let database = try SQLiteDatabase(file, options: SQLiteDatabase.Options(creates: false))
            let milliseconds = Int64(Date().timeIntervalSince1970 * 1000)
            try await database.write { transaction in
                let trail = AuditRepository(transaction)
                let head = try trail.lockHead()
                try trail.append(
                    AuditRecord(
                        sequence: head.sequence + 1, time: milliseconds + 7_200_000, actor: "system", clinicID: nil,
                        action: "service.stop", subject: "-", modelHash: nil, inputHash: nil, threshold: nil,
                        outcome: "ok", details: "{}", previousHash: head.hash,
                        hash: String(repeating: "a", count: 64)))
            }
            await database.close()
            try Self.refusal(folder, [], 3, ["clock stands", "minutes before", "timedatectl"])
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
