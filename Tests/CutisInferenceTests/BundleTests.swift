import CutisCore
import CutisFormats
import CutisInference
import Foundation
import Testing

/// A bundle on disk is all-or-nothing: whatever is wrong with it is said at once, and nothing is computed with it.
@Suite struct BundleTests {
    @Test func whatIsImportedVerifies() async throws {
        try await withBundle { url in
            let report = try await BundleVerification.run(ModelBundle(url))
            #expect(report.tensorCount > 20)
            #expect(try #require(report.golden).largestDifference <= 1e-5)
        }
    }

    @Test func aFolderThatIsNoBundle() throws {
        let error = #expect(throws: CutisError.self) { try ModelBundle(fixture("vision/hf-vit")) }
        #expect(error?.code == .bundleInvalid)
        #expect(error?.message.contains("bundle.json") == true)
    }

    @Test func withoutWeights() async throws {
        try await withBundle { url in
            try FileManager.default.removeItem(at: url.appendingPathComponent("weights.safetensors"))
            try await expect(.bundleInvalid, containing: "weights.safetensors", from: url)
        }
    }

    @Test func withAFileThatChanged() async throws {
        try await withBundle { url in
            let card = url.appendingPathComponent("MODEL_CARD.md")
            try (Data(contentsOf: card) + Data("x".utf8)).write(to: card)
            try await expect(.bundleHashMismatch, containing: "MODEL_CARD.md", from: url)
        }
    }

    @Test func withOneBitOfTheWeightsFlipped() async throws {
        try await withBundle { url in
            let weights = url.appendingPathComponent("weights.safetensors")
            var data = try Data(contentsOf: weights)
            data[data.count - 100] ^= 1
            try data.write(to: weights)
            try await expect(.bundleHashMismatch, containing: "weights.safetensors", from: url)
        }
    }

    @Test func withMissingAndUnexpectedKeysAllListedAtOnce() async throws {
        try await withBundle { url in
            try rewriteWeights(of: url) { entries in
                entries.removeAll { $0.name == "norm.weight" || $0.name == "head.bias" }
                entries.append(("surplus.weight", [2], Data(count: 8)))
            }
            try await expect(.checkpointMismatch, containing: "norm.weight", "head.bias", "surplus.weight", from: url)
        }
    }

    @Test func withAWeightThatIsNotANumber() async throws {
        try await withBundle { url in
            try rewriteWeights(of: url) { entries in
                let index = try #require(entries.firstIndex { $0.name == "norm.bias" })
                entries[index].bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F])
            }
            try await expect(.weightsNotFinite, containing: "norm.bias", from: url)
        }
    }

    @Test func withALabelCountThatDoesNotFitTheHead() async throws {
        try await withBundle { url in
            try rewriteManifest(of: url) { manifest in
                var labels = try #require(manifest["labels"] as? [[String: Any]])
                labels.removeLast()
                manifest["labels"] = labels
            }
            try await expect(.labelsMismatch, containing: "labels", from: url)
        }
    }

    @Test func withAGoldenCaseThatTheModelDoesNotReproduce() async throws {
        try await withBundle { url in
            try rewriteManifest(of: url) { manifest in
                var golden = try #require(manifest["golden"] as? [String: Any])
                var expected = try #require(golden["expected"] as? [Double])
                expected[0] += 0.5
                golden["expected"] = expected
                manifest["golden"] = golden
            }
            try await expect(.goldenMismatch, containing: "largest difference", from: url)
        }
    }

    @Test(arguments: [
        ("format", "99"), ("temperature", "-1"), ("task", "\"divination\""), ("labels", "[]"),
        ("thresholds", "{\"nobody\": 0.5}"),
    ])
    func withAnImpossibleManifest(_ key: String, _ json: String) async throws {
        try await withBundle { url in
            let value = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
            try rewriteManifest(of: url) { $0[key] = value }
            let error = #expect(throws: CutisError.self) { try ModelBundle(url) }
            #expect(error?.code == .bundleInvalid)
            #expect(error?.message.contains("bundle.json") == true)
        }
    }

    @Test func aFileNameThatLeavesTheBundle() async throws {
        try await withBundle { url in
            try rewriteManifest(of: url) { manifest in
                var files = try #require(manifest["files"] as? [String: Any])
                files["../../etc/passwd"] = ["sha256": "", "bytes": 1]
                manifest["files"] = files
            }
            let error = #expect(throws: CutisError.self) { try ModelBundle(url) }
            #expect(error?.message.contains("leaves the bundle") == true)
        }
    }

    // MARK: Helpers

    private func expect(_ code: ErrorCode, containing texts: String..., from url: URL) async throws {
        let error = await #expect(throws: CutisError.self) { try await BundleVerification.run(ModelBundle(url)) }
        #expect(error?.code == code, "\(error.map { "\($0)" } ?? "no error")")
        for text in texts { #expect(error?.message.contains(text) == true, "\(error?.message ?? "")") }
    }

    private func rewriteManifest(of url: URL, _ change: (inout [String: Any]) throws -> Void) throws {
        let file = url.appendingPathComponent("bundle.json")
        var manifest = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        try change(&manifest)
        try JSONSerialization.data(withJSONObject: manifest).write(to: file)
    }

    /// Changes the weights and records their new hash, as a careless editor would.
    private func rewriteWeights(
        of url: URL, _ change: (inout [(name: String, shape: [Int], bytes: Data)]) throws -> Void
    ) throws {
        let file = url.appendingPathComponent("weights.safetensors")
        let archive = try SafetensorsArchive(file)
        var entries: [(name: String, shape: [Int], bytes: Data)] = try archive.tensors.keys.sorted().map { name in
            let data = try archive.data(for: name)
            return (name, data.description.shape, data.withUnsafeBytes { Data($0) })
        }
        try change(&entries)
        try SafetensorsWriter.write(
            entries.map { SafetensorsEntry(name: $0.name, elementType: .float32, shape: $0.shape, bytes: $0.bytes) },
            metadata: [:], to: file)
        let record = try FileDigest.sha256(of: file)
        try rewriteManifest(of: url) { manifest in
            var files = try #require(manifest["files"] as? [String: Any])
            files["weights.safetensors"] = ["sha256": record.sha256, "bytes": record.bytes]
            manifest["files"] = files
        }
    }
}
