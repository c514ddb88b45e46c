import Crypto
public import CutisCore
public import Foundation

/// What one part of a batch job says of itself, beside its output (`FILE.shard.json`): enough to tell whether parts
/// belong together.
public struct ShardRecord: Codable, Sendable, Hashable {
    /// The layout of this record.
    public static let currentFormat = 1
    /// The largest file that is read as one.
    static let maximumBytes = 1 << 20

    /// The layout of this record.
    public var format = Self.currentFormat
    /// The command that made the part.
    public let command: String
    /// The part, 0 ..< `count`.
    public let index: Int
    /// Number of parts.
    public let count: Int
    /// Number of inputs of the whole job.
    public let inputs: Int
    /// SHA-256 of the whole job's sorted inputs: their names and sizes.
    public let inputsSHA256: String
    /// The model's identifier and version.
    public let model: String
    /// SHA-256 of the model's manifest, which holds those of its files.
    public let modelSHA256: String
    /// The options that change what the output says, by name.
    public let settings: [String: String]
    /// Answers in this part's output.
    public let rows: Int
    /// Images of this part that were refused.
    public let refused: Int
    /// SHA-256 of this part's output.
    public let outputSHA256: String

    enum CodingKeys: String, CodingKey {
        case format, command, index, count, inputs, model, settings, rows, refused
        case inputsSHA256 = "inputs_sha256"
        case modelSHA256 = "model_sha256"
        case outputSHA256 = "output_sha256"
    }

    /// Describes an output that has been written.
    ///
    /// - Parameters:
    ///   - inputs: all inputs of the job, sorted.
    ///   - output: the part's output file, whole.
    public init(
        command: String, shard: Shard, inputs: [URL], bundle: ModelBundle, settings: [String: String], rows: Int,
        refused: Int, output: URL
    ) throws(CutisError) {
        self.command = command
        index = shard.index
        count = shard.count
        self.inputs = inputs.count
        inputsSHA256 = Self.digest(of: inputs)
        model = "\(bundle.manifest.id) \(bundle.manifest.version)"
        modelSHA256 = try FileDigest.sha256(of: bundle.url.appendingPathComponent(BundleLayout.manifest)).sha256
        self.settings = settings
        self.rows = rows
        self.refused = refused
        outputSHA256 = try FileDigest.sha256(of: output).sha256
    }

    /// Where the record of an output lies.
    public static func url(beside output: URL) -> URL {
        output.deletingLastPathComponent().appendingPathComponent(output.lastPathComponent + ".shard.json")
    }

    /// Writes the record beside its output.
    public func write(beside output: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicOutput.file(Self.url(beside: output), try encoder.encode(self) + Data("\n".utf8))
    }

    /// Reads the record beside an output.
    ///
    /// - Throws: `CutisError` with `.fileNotFound` where there is none, `.dataInvalid` where it is broken.
    public init(beside output: URL) throws(CutisError) {
        let url = Self.url(beside: output)
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else {
            throw CutisError(
                .fileNotFound, "\(output.path) has no record \(url.lastPathComponent) beside it.",
                remedy: "Give outputs of commands that ran with --shard, and keep each record with its output.")
        }
        let record = data.count <= Self.maximumBytes ? try? JSONDecoder().decode(Self.self, from: data) : nil
        guard let record, record.format == Self.currentFormat, Shard(index: record.index, count: record.count) != nil,
            (record.count...Int(Int32.max)).contains(record.inputs), record.rows >= 0, record.refused >= 0
        else {
            throw CutisError(
                .dataInvalid, "\(url.path) is no record of a part that this version reads.",
                remedy: "Make the part again with `--shard`.")
        }
        self = record
    }

    /// The name and the size of each input; an input that cannot be read has the size -1.
    private static func digest(of inputs: [URL]) -> String {
        var hasher = SHA256()
        for input in inputs {
            var status = stat()
            let size = stat(input.path, &status) == 0 ? Int(status.st_size) : -1
            hasher.update(data: Data("\(input.relativePath)\u{0}\(size)\u{0}".utf8))
        }
        return hasher.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
