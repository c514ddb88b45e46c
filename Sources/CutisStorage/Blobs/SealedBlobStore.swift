public import CutisCore
public import Foundation

/// Blobs that are encrypted before another store keeps them (`KeyRing.seal`). A blob that was changed, or moved to
/// another key, does not open.
public struct SealedBlobStore: BlobStore {
    /// What a renewal of the encryption did.
    public struct Renewal: Sendable, Hashable {
        /// How many blobs were sealed again by the newest key.
        public var renewed = 0
        /// How many the newest key had sealed already.
        public var current = 0
        /// The blobs that do not open, with the reason; they were left as they are.
        public var failures: [CutisError] = []
    }

    /// A blob with known content, by which a start can tell whether the ring fits the store.
    private static let probe = "cutis-key-probe"
    private static let probeContent = Data("the keys of this store open this".utf8)

    private let base: any BlobStore
    private let ring: KeyRing

    /// Seals what goes to a store.
    public init(_ base: any BlobStore, ring: KeyRing) {
        self.base = base
        self.ring = ring
    }

    /// Opens a store with the keys of a file, which is made at the first run; a file that is missing beside blobs that
    /// it sealed is not replaced.
    ///
    /// - Throws: `CutisError` with `.fileNotFound`, `.configInvalid`, or `.storageCorrupt` where the keys do not fit.
    public static func open(_ base: any BlobStore, keyFile: URL) async throws -> SealedBlobStore {
        if !FileManager.default.fileExists(atPath: keyFile.path), try await !isInUse(base) {
            try KeyRing.create(keyFile)
        }
        let store = SealedBlobStore(base, ring: try KeyRing(file: keyFile))
        try await store.checkKeys()
        return store
    }

    /// Checks that the ring fits the store; leaves a probe for the next time where there is none yet.
    ///
    /// - Throws: `CutisError` with `.storageCorrupt`.
    public func checkKeys() async throws {
        if try await Self.isInUse(base) {
            _ = try await get(Self.probe)
        } else {
            try await put(Self.probe, Self.probeContent)
        }
    }

    /// Whether nothing was ever kept here but what tells that the keys fit.
    public func isEmpty() async throws -> Bool {
        try await base.keys(prefix: "").allSatisfy { $0 == Self.probe }
    }

    /// Seals bytes and keeps them under a key.
    public func put(_ key: String, _ data: Data) async throws {
        do {
            try await base.put(key, ring.seal(data, as: key))
        } catch let error as CutisError where error.code == .conflict {
            // Each sealing differs; what counts is the content.
            guard try await get(key) == data else { throw error }
        }
    }

    /// Seals bytes and puts them in the place of a key's.
    public func replace(_ key: String, _ data: Data) async throws {
        try await base.replace(key, ring.seal(data, as: key))
    }

    /// The bytes of a key, opened.
    ///
    /// - Throws: `CutisError` with `.blobMissing`, or `.storageCorrupt` where they do not open.
    public func get(_ key: String) async throws -> Data {
        try ring.open(await base.get(key), as: key)
    }

    /// A part of the bytes of a key; the whole is opened.
    public func get(_ key: String, range: Range<Int>) async throws -> Data {
        // The tag covers the whole: a part alone could not be trusted.
        let data = try await get(key)
        let wanted = range.clamped(to: 0..<data.count)
        return data.subdata(in: wanted)
    }

    /// Removes a key.
    public func delete(_ key: String) async throws {
        try await base.delete(key)
    }

    /// All keys with a prefix.
    public func keys(prefix: String) async throws -> [String] {
        try await base.keys(prefix: prefix).filter { $0 != Self.probe }
    }

    /// Seals a blob again by the newest key.
    ///
    /// - Returns: false where the newest key had sealed it already.
    @discardableResult
    public func reseal(_ key: String) async throws -> Bool {
        let sealed = try await base.get(key)
        let content = try ring.open(sealed, as: key)
        guard !ring.isNewest(sealed) else { return false }
        try await replace(key, content)
        return true
    }

    /// Seals all blobs again by the newest key, one after another while the store is in use; older keys are then not
    /// needed any more, unless there were failures.
    public func resealAll() async throws -> Renewal {
        var result = Renewal()
        for key in try await base.keys(prefix: "") {
            do {
                if try await reseal(key) { result.renewed += 1 } else { result.current += 1 }
            } catch let error as CutisError where error.code == .blobMissing {
                // It was deleted since the keys were listed.
                continue
            } catch let error as CutisError where error.code == .storageCorrupt {
                result.failures.append(error)
            }
        }
        return result
    }

    private static func isInUse(_ base: any BlobStore) async throws -> Bool {
        try await !base.keys(prefix: probe).isEmpty
    }
}
