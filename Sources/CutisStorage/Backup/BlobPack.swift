import Crypto
import CutisCore
import Foundation

/// One blob's place in a backup: a line of `index.jsonl`.
struct PackedBlob: Sendable, Hashable, Codable {
    let key: String
    /// The number of its file, from 1.
    let pack: Int
    let bytes: Int
    let sha256: String
}

/// Writes blobs one after another into few large files, which are copied and kept far faster than many small ones.
struct BlobPacker: Sendable {
    let folder: BackupFolder
    /// A file that has this size is the last's end, and the next blob begins another.
    var packSize = 1 << 30

    /// How many blobs are fetched at once.
    private static let width = 8

    /// Copies blobs as they are stored.
    ///
    /// - Parameter keys: those that must be there and those that may have gone meanwhile, sorted.
    func pack(_ keys: [String], from store: any BlobStore) async throws -> BackupManifest.Blobs {
        let output = Output(folder, packSize: packSize)
        var rest = keys[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.width))
            rest = rest.dropFirst(some.count)
            let blobs = try await Self.fetch(some, from: store)
            try await output.append(zip(some, blobs).map { ($0, $1) })
        }
        return try await output.finish()
    }

    /// Each blob, or nil where the store does not have it.
    private static func fetch(_ keys: [String], from store: any BlobStore) async throws -> [Data?] {
        try await withThrowingTaskGroup(of: (Int, Data?).self) { group in
            for (index, key) in keys.enumerated() {
                group.addTask {
                    do {
                        return (index, try await store.get(key))
                    } catch let error as CutisError where error.code == .blobMissing {
                        return (index, nil)
                    }
                }
            }
            var blobs = [Data?](repeating: nil, count: keys.count)
            for try await (index, data) in group { blobs[index] = data }
            return blobs
        }
    }

    /// The files that are being written.
    private actor Output {
        private let folder: BackupFolder
        private let packSize: Int
        private var index: HashedFile?
        private var pack: HashedFile?
        private var packs = 0
        private var count = 0
        private var bytes = 0
        private var missing: [String] = []

        init(_ folder: BackupFolder, packSize: Int) {
            self.folder = folder
            self.packSize = packSize
        }

        func append(_ blobs: [(String, Data?)]) throws {
            for (key, data) in blobs {
                guard let data else {
                    missing.append(key)
                    continue
                }
                if let full = pack, full.size + data.count > packSize, full.size > 0 {
                    _ = try full.finish()
                    pack = nil
                }
                let file: HashedFile
                if let pack {
                    file = pack
                } else {
                    packs += 1
                    file = try HashedFile(folder.pack(packs))
                    pack = file
                }
                try file.append(data)
                count += 1
                bytes += data.count
                let hash = HashedFile.text(SHA256.hash(data: data))
                let line = PackedBlob(key: key, pack: packs, bytes: data.count, sha256: hash)
                try list().append(JSONEncoder().encode(line) + Data("\n".utf8))
            }
        }

        func finish() throws -> BackupManifest.Blobs {
            _ = try pack?.finish()
            return BackupManifest.Blobs(
                count: count, bytes: bytes, packs: packs, indexSHA256: try list().finish().sha256, missing: missing)
        }

        private func list() throws -> HashedFile {
            if let index { return index }
            let made = try HashedFile(folder.index)
            index = made
            return made
        }
    }
}

/// Reads the blobs of a backup in the order in which they were written.
final class BlobUnpacker {
    private let folder: BackupFolder
    private let index: PiecewiseFile
    private var line = Data()
    private var hash = SHA256()
    private var pack: (number: Int, file: PiecewiseFile)?
    private(set) var count = 0
    private(set) var bytes = 0

    init(_ folder: BackupFolder) throws(CutisError) {
        self.folder = folder
        index = try PiecewiseFile(folder.index)
    }

    /// The next blob, checked against its hash; nil after the last.
    ///
    /// - Throws: `CutisError` with `.dataInvalid`.
    func next() throws(CutisError) -> (key: String, data: Data)? {
        guard let line = try nextLine() else {
            try endPack()
            return nil
        }
        guard let blob = try? JSONDecoder().decode(PackedBlob.self, from: line), (0...1 << 40).contains(blob.bytes),
            blob.pack >= 1
        else { throw damaged("a line of its list of blobs cannot be read") }
        do {
            try BlobKey.check(blob.key)
        } catch {
            throw damaged("its list of blobs has a key that is none")
        }
        if pack?.number != blob.pack {
            try endPack()
            pack = (blob.pack, try PiecewiseFile(folder.pack(blob.pack)))
        }
        guard let data = try pack?.file.read(blob.bytes), data.count == blob.bytes,
            HashedFile.text(SHA256.hash(data: data)) == blob.sha256
        else { throw damaged("the blob \(blob.key) does not have its hash") }
        count += 1
        bytes += data.count
        return (blob.key, data)
    }

    /// The hash of the list, once `next` has given nil.
    var indexSHA256: String { HashedFile.text(hash.finalize()) }

    /// Checks that a file of blobs holds nothing that the list does not name.
    private func endPack() throws(CutisError) {
        guard try pack?.file.read(1).isEmpty != false else {
            throw damaged("a file of its blobs is longer than it was")
        }
    }

    private func nextLine() throws(CutisError) -> Data? {
        line.removeAll(keepingCapacity: true)
        while line.last != UInt8(ascii: "\n") {
            let byte = try index.read(1)
            guard !byte.isEmpty else {
                guard line.isEmpty else { throw damaged("its list of blobs is cut off") }
                return nil
            }
            line.append(byte)
            guard line.count <= 1 << 12 else { throw damaged("a line of its list of blobs is too long") }
        }
        hash.update(data: line)
        return line
    }

    private func damaged(_ reason: String) -> CutisError {
        BackupFault.damaged(folder.url, reason)
    }
}
