package import CutisCore

/// The id of a model repository, `name` or `organisation/name`, by the hub's own rules.
///
/// What passes is safe as a folder name and as a part of an address: letters, digits, `-`, `_` and `.`; no `--`, no
/// `..`; no part that starts or ends with `-` or `.` (huggingface_hub, `validate_repo_id`).
package struct RepositoryName: Sendable, Hashable, CustomStringConvertible {
    /// The id as the user wrote it.
    package let description: String

    /// Checks an id.
    ///
    /// - Throws: `.invalidArguments` for anything that is not a repository id.
    package init(_ text: String) throws(CutisError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isValid =
            (1...2).contains(parts.count) && text.utf8.count <= 96 && !text.contains("--") && !text.contains("..")
            && !text.hasSuffix(".git") && parts.allSatisfy(Self.isValidPart)
        guard isValid else {
            throw CutisError(
                .invalidArguments, "\"\(HubText.clean(text))\" is not the id of a model on the hub.",
                remedy: "Write it as ORGANISATION/NAME, as on the model's page.")
        }
        description = text
    }

    /// The repository's folder in the cache, such as `models--google--vit-base-patch16-224`.
    package var folderName: String {
        "models--" + description.split(separator: "/").joined(separator: "--")
    }

    private static func isValidPart(_ part: Substring) -> Bool {
        guard let first = part.utf8.first, let last = part.utf8.last else { return false }
        let edges: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: ".")]
        return !edges.contains(first) && !edges.contains(last) && part.utf8.allSatisfy(\.isSafeInNames)
    }
}

/// A branch, a tag, a pull request (`refs/pr/1`) or a commit of a repository.
package struct Revision: Sendable, Hashable, CustomStringConvertible {
    /// The revision as the user wrote it.
    package let description: String

    /// Checks a revision by git's rules for names, so that it stays inside `refs/` of the cache.
    ///
    /// - Throws: `.invalidArguments` for anything else.
    package init(_ text: String) throws(CutisError) {
        let forbidden = Set(" ~^:?*[\\".utf8)
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isValid =
            text.utf8.count <= 255 && !text.contains("..")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !forbidden.contains($0) }
            && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }
        guard isValid else {
            throw CutisError(
                .invalidArguments, "\"\(HubText.clean(text))\" is not a revision.",
                remedy: "Name a branch, a tag or a commit of the repository, such as main.")
        }
        description = text
    }

    /// Whether the revision is a full commit, which never changes.
    package var isCommit: Bool { CommitHash.isValid(description) }
}

/// The 40 hexadecimal digits that name a commit.
enum CommitHash {
    static func isValid(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy(\.isLowercaseHexadecimal)
    }
}

/// The rules for file names that a hub lists: they become paths inside the snapshot folder.
package enum RepositoryPath {
    /// Refuses a name that would leave the snapshot folder or that no file system takes.
    ///
    /// - Throws: `.checkpointUnsafe`.
    package static func check(_ path: String, in repository: RepositoryName) throws(CutisError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isValid =
            path.utf8.count <= 1024 && parts.count <= 32 && !path.contains("\\")
            && path.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
        guard isValid else {
            throw CutisError(
                .checkpointUnsafe,
                "The hub offers a file of \(repository) under the unsafe name \"\(HubText.clean(path))\".",
                remedy: "Nothing was written; do not use this repository, and tell its owner or the hub.")
        }
    }

    /// Refuses a set of names in which one file is also the folder of another.
    ///
    /// Without this a link made for the first could carry the second out of the snapshot folder.
    static func checkFolders(_ paths: Set<String>, in repository: RepositoryName) throws(CutisError) {
        for path in paths {
            var folder = path[...]
            while let slash = folder.lastIndex(of: "/") {
                folder = folder[..<slash]
                guard !paths.contains(String(folder)) else {
                    let name = HubText.clean(String(folder))
                    throw CutisError(
                        .checkpointUnsafe, "The hub lists \"\(name)\" of \(repository) as a file and as a folder.",
                        remedy: "Nothing was written; do not use this repository, and tell its owner or the hub.")
                }
            }
        }
    }
}

/// The name of a blob in the cache: the entity tag that the hub gives a file's content.
package struct BlobName: Sendable, Hashable, CustomStringConvertible {
    /// The tag without quotes and weakness mark.
    package let description: String

    /// Reads an `ETag` header; nil where the tag could not be a file name.
    package init?(header: String) {
        var tag = header[...]
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        if tag.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"") { tag = tag.dropFirst().dropLast() }
        guard
            (1...128).contains(tag.utf8.count), tag.utf8.allSatisfy(\.isSafeInNames), !tag.hasPrefix("."),
            !tag.hasSuffix(".incomplete"), !tag.hasSuffix(".lock")
        else { return nil }
        description = String(tag)
    }
}

extension UInt8 {
    /// Whether the byte is an ASCII letter or digit, `-`, `_` or `.`.
    fileprivate var isSafeInNames: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    var isLowercaseHexadecimal: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
