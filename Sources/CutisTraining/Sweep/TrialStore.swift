import CutisCore
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// What happened in a sweep: one line of `sweep.jsonl`.
struct TrialRecord: Codable, Sendable, Hashable {
    enum Event: String, Codable {
        /// The first line: what is searched.
        case sweep
        /// A trial begins, or goes on to more epochs.
        case start
        /// It has a score.
        case score
        /// It could not be finished.
        case failure
    }

    let event: Event
    var trial: Int?
    var epochs: Int?
    /// At the first start of a trial.
    var parameters: [String: ParameterValue]?
    var score: Double?
    var reason: String?
    /// The search as JSON, at the first line.
    var configuration: String?
}

/// The append-only file of a sweep. A line that was appended is on the disk; a line that a sudden end has torn is cut
/// off when the file is opened again.
final class TrialStore {
    private static let maximumBytes = 1 << 28
    private let url: URL
    private let descriptor: Int32

    /// Opens or makes the file and locks it against other sweeps.
    ///
    /// - Parameter records: receives what the file holds.
    /// - Throws: `.dataInvalid` where a whole line is none of a sweep; `.outputUnwritable` where another sweep uses it.
    init(_ url: URL, records: inout [TrialRecord]) throws {
        self.url = url
        descriptor = open(url.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw AtomicOutput.failure(errno, writing: url) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CutisError(
                .outputUnwritable, "Another sweep is using \(url.path).",
                remedy: "Wait for it, or give another output folder.")
        }
        do {
            records = try Self.read(url, descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        // The file's name has to be on the disk as well.
        let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    deinit { close(descriptor) }

    /// Appends a line and waits until it is on the disk.
    ///
    /// - Throws: `.noSpaceLeft`, `.outputUnwritable`.
    func append(_ record: TrialRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(record) + Data("\n".utf8)
        try line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw AtomicOutput.failure(errno, writing: url) }
                rest = rest.dropFirst(written)
            }
        }
        guard fsync(descriptor) == 0 else { throw AtomicOutput.failure(errno, writing: url) }
    }

    private static func read(_ url: URL, _ descriptor: Int32) throws -> [TrialRecord] {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0, size <= maximumBytes else { throw invalid(url, "it is too large") }
        guard size > 0 else { return [] }
        guard let data = try? Data(contentsOf: url) else {
            throw CutisError(.fileUnreadable, "Cannot read \(url.path).", remedy: "Check its permissions.")
        }
        let whole = (data.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        if whole < data.count, ftruncate(descriptor, off_t(whole)) != 0 {
            throw AtomicOutput.failure(errno, writing: url)
        }
        let decoder = JSONDecoder()
        return try data[..<whole].split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
            guard let record = try? decoder.decode(TrialRecord.self, from: Data(line)) else {
                throw invalid(url, "line \(number + 1) is damaged")
            }
            return record
        }
    }

    static func invalid(_ url: URL, _ reason: String) -> CutisError {
        CutisError(
            .dataInvalid, "The sweep cannot go on from \(url.path): \(reason).",
            remedy: "Give another output folder, or restore the file.")
    }
}
