import CutisServer
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

/// A server for `Tests/pages/drive.py`, which drives a browser: `CUTIS_PAGES_FOLDER` names the folder in which it
/// writes its address and its users' keys, and whose file `done` ends it.
@Suite struct PageServer {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["CUTIS_PAGES_FOLDER"] != nil))
    func serve() async throws {
        let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CUTIS_PAGES_FOLDER"] ?? "")
        let clinic = try await PageClinic()
        try await clinic.application().test(.live) { client in
            let facts = ["address": "http://127.0.0.1:\(client.port ?? 0)"].merging(clinic.keys) { first, _ in first }
            try JSONEncoder().encode(facts).write(to: folder.appendingPathComponent("server.json"), options: .atomic)
            let end = folder.appendingPathComponent("done").path
            let deadline = ContinuousClock.now + .seconds(600)
            while !FileManager.default.fileExists(atPath: end), ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
