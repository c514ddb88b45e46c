import CutisFormats
import Foundation

/// The committed files of the reference libraries and what a reader must find in them.
enum FormatFixtures {
    /// What `Tools/fixtures/formats.py` wrote about one file.
    struct Expectation: Decodable, Sendable {
        struct Tensor: Decodable, Sendable {
            let dtype: ElementType
            let shape: [Int]
            let bytes: String
        }
        let format: FileFormat
        let error: String?
        let mentions: [String]?
        let tensors: [String: Tensor]?
        let unsupported: [String]?
        let metadata: [String: String]?
        let wrapper: [String]?
        let groupNames: [String: String]?
    }

    private struct Manifest: Decodable {
        let files: [String: Expectation]
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

    static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    static func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: url(name))) }

    static func manifest() throws -> [String: Expectation] {
        try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: url("manifest.json"))).files
    }

    /// The names of all files in the manifest, sorted; empty where it cannot be read (a test checks that it can).
    static let names: [String] = ((try? manifest()) ?? [:]).keys.sorted()
}

extension TensorData {
    /// All bytes.
    var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// The elements as 32-bit floats.
    var floats: [Float] {
        withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
        }
    }
}

/// The processor time that a piece of work takes on this thread, in seconds.
///
/// Not the time on the wall: other tests run at the same time and would count.
func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    try work()
    return now() - start
}

/// A folder that is removed when the test ends.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-formats-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> URL {
        let file = url.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file
    }

    func copy(_ fixture: String, as name: String) throws -> URL {
        let file = url.appendingPathComponent(name)
        try FileManager.default.copyItem(at: FormatFixtures.url(fixture), to: file)
        return file
    }
}
