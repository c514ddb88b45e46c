import Crypto
import CutisCore
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The places in a backup's folder.
struct BackupFolder: Sendable {
    let url: URL

    var manifest: URL { url.appendingPathComponent("manifest.json") }
    var manifestHash: URL { url.appendingPathComponent("manifest.json.sha256") }
    var tables: URL { url.appendingPathComponent("tables") }
    var blobs: URL { url.appendingPathComponent("blobs") }
    var index: URL { blobs.appendingPathComponent("index.jsonl") }

    func table(_ name: String) -> URL { tables.appendingPathComponent("\(name).rows") }

    func pack(_ number: Int) -> URL {
        let digits = String(number)
        return blobs.appendingPathComponent(String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".pack")
    }

    /// Fills a folder under a temporary name and gives it its own when all of it is on the disk.
    ///
    /// - Throws: `CutisError` with `.outputUnwritable` where there is something in the folder's place already.
    static func create<Result: Sendable>(
        _ target: URL, _ body: @Sendable (BackupFolder) async throws -> Result
    ) async throws -> Result {
        let names = try? FileManager.default.contentsOfDirectory(atPath: target.path)
        guard !FileManager.default.fileExists(atPath: target.path) || names?.isEmpty == true else {
            throw CutisError(
                .outputUnwritable, "\(target.path) already exists.",
                remedy: "A backup never replaces another: choose a new folder.")
        }
        let parent = target.deletingLastPathComponent()
        let temporary = BackupFolder(
            url: parent.appendingPathComponent(".\(target.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp"))
        TemporaryPaths.insert(temporary.url.path)
        do {
            for folder in [temporary.url, temporary.tables, temporary.blobs] {
                guard mkdir(folder.path, 0o700) == 0 else { throw AtomicOutput.failure(errno, writing: target) }
            }
            let result = try await body(temporary)
            for folder in [temporary.tables, temporary.blobs, temporary.url] { try DurableFile.synchronise(folder) }
            try DurableFile.rename(temporary.url, to: target)
            TemporaryPaths.forget(temporary.url.path)
            return result
        } catch {
            TemporaryPaths.removeNow(temporary.url.path)
            throw error
        }
    }

    func write(_ manifest: BackupManifest) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(manifest) + Data("\n".utf8)
        try DurableFile.write(data, to: self.manifest)
        let line = "\(HashedFile.text(SHA256.hash(data: data)))  \(self.manifest.lastPathComponent)\n"
        try DurableFile.write(Data(line.utf8), to: manifestHash)
    }

    /// The manifest, checked against its hash and for what this version can read.
    func read() throws(CutisError) -> BackupManifest {
        guard FileManager.default.fileExists(atPath: manifest.path) else {
            throw CutisError(
                .fileNotFound, "\(url.path) is no backup: it has no \(manifest.lastPathComponent).",
                remedy: "Name the folder that `cutis backup` made.")
        }
        let data = try PiecewiseFile(manifest).read(1 << 26)
        let line = String(decoding: try PiecewiseFile(manifestHash).read(1 << 10), as: UTF8.self)
        guard line.hasPrefix(HashedFile.text(SHA256.hash(data: data)) + " ") else {
            throw BackupFault.damaged(url, "its manifest does not have the hash that was written with it")
        }
        let manifest: BackupManifest
        do {
            manifest = try JSONDecoder().decode(BackupManifest.self, from: data)
        } catch {
            throw BackupFault.damaged(url, "its manifest cannot be read")
        }
        guard manifest.format == 1 else {
            throw CutisError(
                .schemaMismatch, "The backup \(url.path) has the form \(manifest.format), which is newer.",
                remedy: "Restore it with the version of Cutis that made it.")
        }
        let names = manifest.tables.map(\.name)
        guard Set(names).count == names.count, Set(names).isSubset(of: Schema.tables) else {
            throw BackupFault.damaged(url, "its manifest names tables that do not exist")
        }
        return manifest
    }
}
