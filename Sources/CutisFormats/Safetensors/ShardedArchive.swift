public import CutisCore
public import Foundation

/// A checkpoint in several files with an index, such as `model.safetensors.index.json`.
///
/// The index decides: `weight_map` names the shard of every tensor. A shard that is absent, a tensor that its shard
/// does not hold, and a shard name that leaves the folder of the index are errors; other files in the folder, and
/// tensors of a shard that the index does not name, are not looked at. Shards may be symbolic links (the Hugging
/// Face cache is made of them).
public struct ShardedArchive: TensorArchive {
    /// Where the archive came from, for messages.
    public let path: String
    /// All tensors by name.
    public let tensors: [String: TensorDescription]
    /// Tensors that cannot be read, by name, with the reason.
    public let unsupported: [String: String]
    /// The metadata of all shards; the first shard wins where keys are equal.
    public let metadata: [String: String]
    /// What the content is.
    public let format: FileFormat
    /// The names of the shard files, sorted.
    public let shards: [String]

    private let archives: [String: any TensorArchive]
    private let shardOfTensor: [String: String]

    /// Reads the index and opens every shard that it names.
    ///
    /// - Throws: `.fileNotFound` naming an absent shard; `.checkpointUnsafe` for a shard name that is a path;
    ///   `.checkpointCorrupt` listing tensors that their shards do not hold; what the shards' reader throws.
    public init(index url: URL) throws(CutisError) {
        try self.init(MappedFile(url).region, index: url)
    }

    /// Reads the bytes of an index and opens the shards in the folder of `url`.
    package init(_ text: ByteRegion, index url: URL) throws(CutisError) {
        let path = url.path
        let index = try reading(path, as: .shardIndex) { () throws(FormatFault) in try ShardIndex(text) }
        let folder = url.deletingLastPathComponent()
        var archives: [String: any TensorArchive] = [:]
        for shard in Set(index.shardOfTensor.values).sorted() {
            archives[shard] = try Self.open(shard, in: folder, index: path)
        }
        var tensors: [String: TensorDescription] = [:]
        var unsupported: [String: String] = [:]
        var absent: [String] = []
        for (name, shard) in index.shardOfTensor {
            if let tensor = archives[shard]?.tensors[name] {
                tensors[name] = tensor
            } else if let reason = archives[shard]?.unsupported[name] {
                unsupported[name] = reason
            } else {
                absent.append(name)
            }
        }
        guard absent.isEmpty else {
            let list = absent.sorted().prefix(10).map { "\(quoted($0)) (\(index.shardOfTensor[$0] ?? ""))" }
            throw CutisError(
                .checkpointCorrupt,
                "\(path) names \(absent.count) tensors that their shards do not hold: \(list.joined(separator: ", ")).",
                remedy: "Download the index and all shards again, of the same revision.")
        }
        self.path = path
        self.archives = archives
        self.tensors = tensors
        self.unsupported = unsupported
        shardOfTensor = index.shardOfTensor
        shards = archives.keys.sorted()
        metadata = shards.reduce(into: [:]) { all, shard in
            all.merge(archives[shard]?.metadata ?? [:]) { first, _ in first }
        }
        format = archives.values.first?.format ?? .safetensors
    }

    /// The numbers of one tensor; see `TensorArchive`.
    public func data(for name: String) throws(CutisError) -> TensorData {
        guard let shard = shardOfTensor[name], let archive = archives[shard] else { throw missing(name) }
        return try archive.data(for: name)
    }

    private static func open(
        _ shard: String, in folder: URL, index: String
    ) throws(CutisError) -> any TensorArchive {
        let url = folder.appendingPathComponent(shard)
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw CutisError(
                .fileNotFound, "\(index) names the shard \(quoted(shard)), which is not beside it.",
                remedy: "Download every shard of the checkpoint into the same folder.")
        }
        let file = try MappedFile(url).region
        switch Sniffer.format(of: file) {
        case .safetensors: return try SafetensorsArchive(file, path: url.path)
        case .pytorch: return try PyTorchArchive(file, path: url.path)
        case let other:
            throw CutisError(
                .checkpointUnsupported, "\(url.path) is \(other.title); a shard must be safetensors or PyTorch.",
                remedy: "Download the shard again.")
        }
    }
}

/// The parsed index of a sharded checkpoint.
struct ShardIndex {
    private(set) var shardOfTensor: [String: String] = [:]

    init(_ text: ByteRegion) throws(FormatFault) {
        guard text.count <= SafetensorsHeader.maximumLength else { throw FormatFault("it is longer than 100 MB") }
        var keys: Set<String> = []
        try JSONScanner.scan(text) { (scanner) throws(FormatFault) in
            try scanner.object { (scanner, key) throws(FormatFault) in
                guard keys.insert(key).inserted else { throw FormatFault("it has the key \(quoted(key)) twice") }
                if key == "weight_map" {
                    try readWeightMap(&scanner)
                } else {
                    try scanner.skipValue()
                }
            }
        }
        guard keys.contains("weight_map"), !shardOfTensor.isEmpty else {
            throw FormatFault("it has no weight_map or an empty one")
        }
    }

    private mutating func readWeightMap(_ scanner: inout JSONScanner) throws(FormatFault) {
        try scanner.object { (scanner, name) throws(FormatFault) in
            let shard = try scanner.string()
            try Self.check(shard)
            guard shardOfTensor.updateValue(shard, forKey: name) == nil else {
                throw FormatFault("its weight_map has the key \(quoted(name)) twice")
            }
            guard shardOfTensor.count <= FormatLimits.maximumTensors else { throw FormatLimits.tooManyTensors }
        }
    }

    /// A shard is a plain file name: no folders, no parent folder, nothing hidden.
    private static func check(_ shard: String) throws(FormatFault) {
        let isPlain =
            !shard.isEmpty && !shard.hasPrefix(".") && shard.utf8.count <= 255
            && !shard.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }
        guard isPlain else {
            throw FormatFault(
                "it names the shard \(quoted(shard)), which is not a plain file name",
                code: .checkpointUnsafe)
        }
    }
}
