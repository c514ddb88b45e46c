import CZip
import CutisCore
import Synchronization

/// One file inside a zip archive, as its central directory describes it.
struct ZipEntry: Sendable {
    /// The name as stored, with `/` between folders.
    let name: String
    /// The position in the central directory.
    let index: UInt64
    /// Bytes after decompression, as declared; checked against the limits when the entry is read.
    let size: UInt64
    /// Bytes in the archive.
    let compressedSize: UInt64
    /// 0 stored, 8 deflate.
    let method: UInt16
    /// Whether a password is needed.
    let isEncrypted: Bool
}

/// A zip archive read through libzip from bytes in memory (usually a mapped file).
///
/// Guards against bombs: an entry may not expand to more than 100 times its compressed size plus 1 MiB, a stored entry
/// may not be longer than the archive, and memory is taken only after these checks. libzip checks the CRC of
/// everything that is read whole. libzip's handle is not thread-safe, so calls go through a lock. What `read` gives is
/// always a copy.
final class ZipArchive: Sendable {
    /// All files by name.
    let entries: [String: ZipEntry]
    /// Names in the order of the central directory.
    let names: [String]
    // Before `bytes`: properties are released in this order.
    private let handle: Mutex<Handle>
    private let bytes: ByteRegion

    /// Owns libzip's handle. The bytes that it reads from outlive it: `ZipArchive` holds both.
    private struct Handle: ~Copyable {
        let pointer: OpaquePointer
        deinit { zip_discard(pointer) }
    }

    /// Opens an archive and reads its central directory.
    init(_ bytes: ByteRegion) throws(FormatFault) {
        let opened = try Self.open(bytes)
        self.bytes = bytes
        var entries: [String: ZipEntry] = [:]
        var names: [String] = []
        let count = zip_get_num_entries(opened.pointer, 0)
        guard count <= FormatLimits.maximumTensors else { throw FormatLimits.tooManyTensors }
        for index in 0..<UInt64(max(0, count)) {
            let entry = try Self.entry(index, of: opened.pointer)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw FormatFault("the archive holds \(quoted(entry.name)) twice")
            }
            names.append(entry.name)
        }
        self.entries = entries
        self.names = names
        handle = Mutex(opened)
    }

    /// The bytes of an entry.
    ///
    /// - Parameter limit: refuses entries that are longer, such as a pickle that no honest writer makes so large.
    func read(_ entry: ZipEntry, limit: Int = Int.max) throws(FormatFault) -> ByteRegion {
        try check(entry)
        guard entry.size <= limit else {
            throw FormatFault(
                "its entry \(quoted(entry.name)) claims \(entry.size) bytes; at most \(limit) are accepted")
        }
        let result = try HeapBytes(count: Int(entry.size))
        try result.fill { (target) throws(FormatFault) in
            try read(entry, into: target, wholeEntry: true)
        }
        // Else the pages of a large file that were only copied from would count as this process's memory.
        if result.count > 1 << 20 { (bytes.owner as? MappedFile)?.releasePages() }
        return result.region
    }

    /// The first bytes of an entry, without a check of its CRC; fewer than `count` where the entry is shorter.
    func readPrefix(of entry: ZipEntry, count: Int) throws(FormatFault) -> ByteRegion {
        try check(entry)
        let result = try HeapBytes(count: min(count, Int(entry.size)))
        try result.fill { (target) throws(FormatFault) in
            try read(entry, into: target, wholeEntry: false)
        }
        return result.region
    }

    private func check(_ entry: ZipEntry) throws(FormatFault) {
        guard !entry.isEncrypted else {
            throw FormatFault("its entry \(quoted(entry.name)) is encrypted", code: .checkpointUnsupported)
        }
        let archiveSize = UInt64(bytes.count)
        guard entry.compressedSize <= archiveSize else {
            throw FormatFault("its entry \(quoted(entry.name)) claims more bytes than the archive has")
        }
        switch entry.method {
        case 0:
            guard entry.size == entry.compressedSize else {
                throw FormatFault("its stored entry \(quoted(entry.name)) has two different sizes")
            }
        case 8:
            guard entry.size <= entry.compressedSize * 100 + 1 << 20 else {
                throw FormatFault(
                    "its entry \(quoted(entry.name)) would expand \(entry.compressedSize) bytes to \(entry.size): "
                        + "a decompression bomb", code: .checkpointUnsafe)
            }
        default:
            throw FormatFault(
                "its entry \(quoted(entry.name)) uses compression method \(entry.method)",
                code: .checkpointUnsupported)
        }
    }

    private func read(
        _ entry: ZipEntry, into target: UnsafeMutableRawBufferPointer, wholeEntry: Bool
    ) throws(FormatFault) {
        // The address travels as a number: the lock's closure may not capture a pointer.
        let start = UInt(bitPattern: target.baseAddress)
        let count = target.count
        let isComplete = handle.withLock { handle in
            guard let file = zip_fopen_index(handle.pointer, entry.index, 0) else { return false }
            defer { zip_fclose(file) }
            var done = 0
            while done < count {
                let piece = min(count - done, 1 << 30)
                let got = zip_fread(file, UnsafeMutableRawPointer(bitPattern: start + UInt(done)), UInt64(piece))
                guard got > 0 else { return false }
                done += Int(got)
            }
            guard wholeEntry else { return true }
            // Reading past the end makes libzip compare the CRC and the size.
            var extra: UInt8 = 0
            return zip_fread(file, &extra, 1) == 0
        }
        guard isComplete else {
            throw FormatFault("its entry \(quoted(entry.name)) is cut short or does not match its checksum")
        }
    }

    private static func open(_ bytes: ByteRegion) throws(FormatFault) -> Handle {
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard let source = zip_source_buffer_create(bytes.base, UInt64(bytes.count), 0, &error) else {
            throw fault(&error)
        }
        guard let pointer = zip_open_from_source(source, ZIP_RDONLY, &error) else {
            zip_source_free(source)
            throw fault(&error)
        }
        return Handle(pointer: pointer)
    }

    private static func entry(_ index: UInt64, of pointer: OpaquePointer) throws(FormatFault) -> ZipEntry {
        var status = zip_stat_t()
        zip_stat_init(&status)
        let needed = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD)
        guard zip_stat_index(pointer, index, 0, &status) == 0, status.valid & needed == needed,
            let name = status.name
        else { throw FormatFault("entry \(index) of the archive's directory cannot be read") }
        let hasEncryption = status.valid & UInt64(ZIP_STAT_ENCRYPTION_METHOD) != 0
        return ZipEntry(
            name: String(cString: name), index: index, size: status.size, compressedSize: status.comp_size,
            method: status.comp_method, isEncrypted: hasEncryption && status.encryption_method != 0)
    }

    private static func fault(_ error: UnsafeMutablePointer<zip_error_t>) -> FormatFault {
        FormatFault("its zip directory cannot be read (\(String(cString: zip_error_strerror(error))))")
    }
}
