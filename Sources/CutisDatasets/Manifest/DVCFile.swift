public import CutisCore
public import Foundation
import Yams

/// A `.dvc` file: what DVC tracks in place of a folder or file beside it.
public struct DVCFile: Sendable {
    /// The name of the folder or file, beside the `.dvc` file.
    public let path: String
    /// What its content must be.
    public let content: DVCContent

    /// The largest file that is read; real ones have a hundred bytes.
    static let maximumBytes = 65_536

    /// Names what DVC shall track.
    public init(path: String, content: DVCContent) {
        self.path = path
        self.content = content
    }

    /// The place of the `.dvc` file of a folder or file.
    public static func location(for url: URL) -> URL {
        let standard = url.standardizedFileURL
        return standard.deletingLastPathComponent().appendingPathComponent(standard.lastPathComponent + ".dvc")
    }

    /// Reads a `.dvc` file with one output.
    ///
    /// - Throws: `.fileNotFound`; `.dataInvalid` for what is no such file, has several outputs, or hashes other than
    ///   DVC 3's plain MD5.
    public init(_ url: URL) throws(CutisError) {
        let output = try Self.output(of: Self.document(url), url)
        guard let md5 = output["md5"]?.scalar?.string, Self.isHash(md5), let path = output["path"]?.scalar?.string,
            !path.isEmpty, !path.contains("/"), path != ".."
        else { throw Self.invalid(url, "its output has no md5, or no path beside it") }
        // DVC 2 hashed text with its line ends changed and did not name the hash.
        guard output["hash"]?.scalar?.string == "md5" else {
            throw Self.invalid(url, "it was written by DVC 2 or has another kind of hash")
        }
        let size = output["size"].flatMap { $0.scalar.flatMap { Int($0.string) } }
        let count = output["nfiles"].flatMap { $0.scalar.flatMap { Int($0.string) } }
        guard let size, size >= 0, (count ?? 0) >= 0 else { throw Self.invalid(url, "its output has no size") }
        self.init(path: path, content: DVCContent(md5: md5, size: size, fileCount: count))
    }

    /// Writes the file; of one that is there, everything but the content's hash, size and count is kept.
    ///
    /// - Throws: `.dataInvalid` where the file that is there cannot be read or is of an import, whose source DVC
    ///   keeps in it; what `AtomicOutput.file` throws.
    public func write(to url: URL) throws {
        var document: Node.Mapping = [:]
        var output: Node.Mapping = [:]
        if FileManager.default.fileExists(atPath: url.path) {
            document = try Self.document(url)
            output = try Self.output(of: document, url)
            guard document["deps"] == nil else {
                throw Self.invalid(url, "it is of a `dvc import`, which only DVC can update")
            }
            // A hash over the file itself would no longer be right.
            document["md5"] = nil
        }
        output["md5"] = Self.text(content.md5)
        output["size"] = Node(String(content.size))
        output["nfiles"] = content.fileCount.map { Node(String($0)) }
        output["hash"] = Node("md5")
        output["path"] = Self.text(path)
        document["outs"] = .sequence([.mapping(output)])
        try AtomicOutput.file(
            url, Data(try Yams.serialize(node: .mapping(document), width: -1, allowUnicode: true).utf8))
    }

    private static func document(_ url: URL) throws(CutisError) -> Node.Mapping {
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else {
            throw CutisError(.fileNotFound, "There is no file \(url.path).", remedy: "Make it with `--dvc write`.")
        }
        guard data.count <= maximumBytes, let text = String(data: data, encoding: .utf8),
            let node = try? Yams.compose(yaml: text), let mapping = node.mapping
        else { throw invalid(url, "it is not a .dvc file") }
        return mapping
    }

    private static func output(of document: Node.Mapping, _ url: URL) throws(CutisError) -> Node.Mapping {
        guard let outputs = document["outs"]?.sequence, outputs.count == 1, let output = outputs.first?.mapping else {
            throw invalid(url, "it does not have exactly one output")
        }
        return output
    }

    private static func isHash(_ text: String) -> Bool {
        let digits = text.hasSuffix(".dir") ? text.dropLast(4) : text[...]
        return digits.utf8.count == 32 && digits.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    /// A string that a reader of YAML must not take for a number or a truth value.
    private static func text(_ text: String) -> Node {
        let isPlain =
            text.utf8.first.map { ("a"..."z").contains(Character(Unicode.Scalar($0))) } ?? false
            && text.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_.-".utf8.contains($0) }
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text)
        return Node(text, Tag(.str), isPlain || text.hasSuffix(".dir") ? .plain : .singleQuoted)
    }

    private static func invalid(_ url: URL, _ reason: String) -> CutisError {
        CutisError(.dataInvalid, "\(url.path) cannot be used: \(reason).", remedy: "Let DVC write it again.")
    }
}
