import CutisCore
import CutisFormats
import CutisInference
import Foundation

/// Joins the outputs of a batch job's parts into the file that one process would have written.
///
/// The parts were checked against their records, so they are what this program wrote; what does not look so all the
/// same is refused, not guessed at.
enum PartJoiner {
    /// Lines one after the other; of tables, the header once.
    static func joinLines(_ set: ShardSet, hasHeader: Bool, to url: URL) throws {
        // A part without rows does not know the width of an embedding's header.
        let filled = set.parts.filter { $0.record.rows > 0 }
        var header: Data?
        try AtomicOutput.file(url) { handle in
            for part in filled.isEmpty ? Array(set.parts.prefix(1)) : filled {
                var content = try bytes(of: part)
                if hasHeader {
                    guard let end = content.firstIndex(of: 0x0A) else { throw broken(part, "it has no header line") }
                    let own = content[...end]
                    if let header, header != own { throw broken(part, "its columns are not those of the other parts") }
                    if header == nil { try handle.write(contentsOf: own) }
                    header = own
                    content = content[content.index(after: end)...]
                }
                guard content.isEmpty || content.last == 0x0A else { throw broken(part, "its last line is cut short") }
                try handle.write(contentsOf: content)
            }
        }
    }

    /// The elements of JSON arrays as one array, with the text of each element as it is.
    static func joinJSON(_ set: ShardSet, to url: URL) throws {
        try AtomicOutput.file(url) { handle in
            try handle.write(contentsOf: Data("[".utf8))
            var isFirst = true
            for part in set.parts {
                let content = try bytes(of: part)
                guard content.starts(with: Data("[".utf8)), content.suffix(2) == Data("]\n".utf8) else {
                    throw broken(part, "it is no JSON array")
                }
                var inner = content.dropFirst().dropLast(2)
                if inner.last == 0x0A { inner = inner.dropLast() }
                guard !inner.isEmpty else { continue }
                if !isFirst { try handle.write(contentsOf: Data(",".utf8)) }
                isFirst = false
                try handle.write(contentsOf: inner)
            }
            try handle.write(contentsOf: Data(isFirst ? "]\n".utf8 : "\n]\n".utf8))
        }
    }

    /// The rows of `features` one below the other, with the names of all images.
    static func joinTensors(_ set: ShardSet, to url: URL) throws {
        var names: [OrderedJSON] = []
        var archives: [SafetensorsArchive] = []
        var width: Int?
        for part in set.parts where part.record.rows > 0 {
            let archive = try SafetensorsArchive(part.output)
            guard let features = archive.tensors["features"], features.elementType == .float32,
                features.shape.count == 2, features.shape[0] == part.record.rows,
                let own = try? JSONDecoder().decode(
                    [String].self, from: Data((archive.metadata["images"] ?? "").utf8)),
                own.count == features.shape[0]
            else { throw broken(part, "it holds no features with their images") }
            if let width, width != features.shape[1] { throw broken(part, "its features have another width") }
            width = features.shape[1]
            names += own.map { .string($0) }
            archives.append(archive)
        }
        guard let width, let first = archives.first else {
            throw CutisError(
                .dataInvalid, "No part holds an answer: all images were refused.",
                remedy: "Give images that can be read.")
        }
        let sources = archives
        let features = SafetensorsEntry(
            name: "features", elementType: .float32, shape: [names.count, width],
            streaming: { write in
                for archive in sources {
                    try archive.data(for: "features").withUnsafeBytes { try write($0) }
                    archive.releasePages()
                }
            })
        var metadata = first.metadata
        metadata["images"] = OrderedJSON.array(names).text(pretty: false)
        try SafetensorsWriter.write([features], metadata: metadata, to: url)
    }

    private static func bytes(of part: ShardSet.Part) throws -> Data {
        do {
            return try Data(contentsOf: part.output, options: .mappedIfSafe)
        } catch {
            throw CutisError(
                .fileUnreadable, "Cannot read \(part.output.path).", remedy: "Check the path and its permissions.")
        }
    }

    private static func broken(_ part: ShardSet.Part, _ what: String) -> CutisError {
        CutisError(
            .dataInvalid, "\(part.output.path) cannot be joined: \(what).",
            remedy: "Run part \(part.record.index)/\(part.record.count) again.")
    }
}
