import CutisInference
import Foundation

/// A checkpoint that a reference library wrote (random weights).
func fixture(_ path: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("CutisModelsTests/Fixtures").appendingPathComponent(path)
}

/// A fresh bundle made of a small checkpoint, removed afterwards.
func withBundle(_ source: String = "vision/hf-vit", _ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-bundle-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("bundle")
    try BundleImporter.run(ImportRequest(source: fixture(source)), to: url)
    try await body(url)
}
