import Foundation
import SmallDisk
import Testing

/// A service whose disk fills up while it runs.
@Suite(.serialized, .enabled(if: SmallDisk.isAvailable, "no file system may be mounted here"))
struct ServeFullDiskTests {
    @Test func aFullDiskIsSaidAndNothingAcknowledgedIsLost() async throws {
        let png = try Data(
            contentsOf: CommandLineTool.root.appendingPathComponent(
                "Models/cutis-dermoscopy/golden/synthetic-0.png"))
        try await SmallDisk.with(megabytes: 16) { disk in
            try CommandLineTool.withFolder { folder in
                let data = disk.appendingPathComponent("data")
                let settings = [
                    "--set", "data.minimum_free_mb=0", "--set", "limits.rate=1000", "--set", "limits.burst=1000",
                ]
                let service = try RunningService(folder, data: data, settings)
                try service.waitUntilReady()
                let key = try #require(service.adminKey)
                let path = "/api/v1/analyze?patient_id=P&explain=false"
                var kept: [String] = []
                var refusal: RunningService.Answer?
                while refusal == nil, kept.count < 400 {
                    let answer = try service.post(path, png, type: "image/png", key: key)
                    if answer.status == 200 {
                        kept.append(try #require(try answer.object()["id"] as? String))
                    } else {
                        refusal = answer
                    }
                }
                #expect(kept.count > 10)
                #expect(refusal?.status == 507)
                #expect(try refusal?.object()["code"] as? String == "no-space-left")
                #expect(try refusal?.object()["remedy"] is String)
                // Reading goes on.
                #expect(try service.get("/health/ready").status == 200)
                for id in kept {
                    #expect(try service.get("/api/v1/analyses/\(id)", key: key).status == 200)
                    #expect(try service.get("/api/v1/analyses/\(id)/image", key: key).status == 200)
                }
                // With room again writing does too, without a new start.
                try FileManager.default.removeItem(at: disk.appendingPathComponent("ballast"))
                let after = try service.post(path, png, type: "image/png", key: key)
                try #require(after.status == 200, "\(String(decoding: after.body, as: UTF8.self))")
                kept.append(try #require(try after.object()["id"] as? String))
                #expect(service.stop() == 0, "\(service.errors)")

                let again = try RunningService(folder, data: data, settings)
                try again.waitUntilReady()
                for id in kept { #expect(try again.get("/api/v1/analyses/\(id)", key: key).status == 200) }
                #expect(again.stop() == 0, "\(again.errors)")
                let verified = try CommandLineTool.run(["audit", "verify", "--data", data.path])
                #expect(verified.status == 0 && verified.output.contains("all in order"), "\(verified.errors)")
            }
        }
    }
}
