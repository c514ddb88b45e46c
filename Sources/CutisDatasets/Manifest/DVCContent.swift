public import CutisCore
import CutisFormats
public import Foundation

/// The content of a folder or file as DVC 3 names it (Data Version Control; `hash: md5`).
public struct DVCContent: Sendable, Hashable {
    /// The MD5 of a file; of a folder, the MD5 of its listing and `.dir`.
    public let md5: String
    /// Bytes of all files.
    public let size: Int
    /// How many files a folder has; nil for a file.
    public let fileCount: Int?

    /// Joins the parts.
    public init(md5: String, size: Int, fileCount: Int?) {
        self.md5 = md5
        self.size = size
        self.fileCount = fileCount
    }

    /// Hashes a file, or a folder with everything below it.
    ///
    /// The listing is what DVC writes: `[{"md5": …, "relpath": …}, …]` sorted by path, in the JSON of Python's
    /// `json.dumps`. As DVC does, links are followed and `.git`, `.hg` and `.dvc` folders left out.
    ///
    /// - Throws: `.fileNotFound`, `.fileUnreadable`; `.dataInvalid` where a `.dvcignore` file within the folder leaves
    ///   out files by rules that only DVC knows.
    public init(_ url: URL, workers: Int? = nil) throws(CutisError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
            let (hash, size) = try ContentHash.md5(url)
            self.init(md5: hash, size: size, fileCount: nil)
            return
        }
        var paths: [String] = []
        try Self.list(url.path, "", depth: 0, into: &paths)
        paths.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let threads = workers ?? ProcessInfo.processInfo.activeProcessorCount
        let found = paths
        let hashes = try parallelMap(found.count, workers: threads) { (index) throws(CutisError) in
            try ContentHash.md5(URL(fileURLWithPath: url.path + "/" + found[index], isDirectory: false))
        }
        let entries = zip(found, hashes).map { path, file in
            "{\"md5\": \"\(file.hash)\", \"relpath\": \(Self.pythonString(path))}"
        }
        self.init(
            md5: ContentHash.md5("[" + entries.joined(separator: ", ") + "]") + ".dir",
            size: hashes.reduce(0) { $0 + $1.size }, fileCount: hashes.count)
    }

    private static let ignored: Set<String> = [".git", ".hg", ".dvc"]

    private static func list(
        _ root: String, _ folder: String, depth: Int, into paths: inout [String]
    ) throws(CutisError) {
        guard depth <= 64, let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder) else {
            throw CutisError(
                .fileUnreadable, "The folder \(root)/\(folder) cannot be read, or lies too deep.",
                remedy: "Check its permissions and its links.")
        }
        for name in names where !ignored.contains(name) {
            guard name != ".dvcignore" else {
                throw CutisError(
                    .dataInvalid, "\(root)/\(folder) has a .dvcignore file, whose rules only DVC applies.",
                    remedy: "Use `dvc add` for this folder, or move the rules out of it.")
            }
            var status = stat()
            guard stat(root + "/" + folder + name, &status) == 0 else {
                throw CutisError(
                    .fileUnreadable, "\(root)/\(folder)\(name) cannot be read.", remedy: "Remove it or mend the link.")
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                try list(root, folder + name + "/", depth: depth + 1, into: &paths)
            } else {
                paths.append(folder + name)
            }
        }
    }

    /// A string as `json.dumps` writes it: ASCII, with UTF-16 escapes.
    static func pythonString(_ text: String) -> String {
        var out = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: out += "\\\""
            case 0x5C: out += "\\\\"
            case 0x08: out += "\\b"
            case 0x09: out += "\\t"
            case 0x0A: out += "\\n"
            case 0x0C: out += "\\f"
            case 0x0D: out += "\\r"
            case 0x20..<0x80: out.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return out + "\""
    }
}
