import Crypto
import CutisCore
import Foundation

/// The hash that a blob's name promises of its content.
package enum ContentCheck: Sendable, Hashable {
    /// 64 digits: the sha256 of a file in large-file storage.
    case sha256(String)
    /// 40 digits: git's sha1 of `blob <length>\0` and the content.
    case gitBlob(String)
    /// Another kind of tag, which promises nothing that can be checked.
    case none

    /// Reads the kind of hash off a blob's name.
    package init(_ name: BlobName) {
        let text = name.description
        guard text.utf8.allSatisfy(\.isLowercaseHexadecimal) else {
            self = .none
            return
        }
        switch text.utf8.count {
        case 64: self = .sha256(text)
        case 40: self = .gitBlob(text)
        default: self = .none
        }
    }

    /// Whether the content can be checked, and so a partial download continued safely.
    var isCheckable: Bool { self != .none }

    /// Reads a whole file and compares its hash.
    ///
    /// - Returns: whether the content is what the name promises; true where nothing is promised.
    /// - Throws: `.fileUnreadable`, `.cancelled`.
    func accepts(_ file: PartialFile) async throws(CutisError) -> Bool {
        switch self {
        case .none: return true
        case .sha256(let expected): return try await Self.digest(file, SHA256()) == expected
        case .gitBlob(let expected):
            var hash = Insecure.SHA1()
            hash.update(data: Array("blob \(file.size)\0".utf8))
            return try await Self.digest(file, hash) == expected
        }
    }

    private static func digest(_ file: PartialFile, _ initial: some HashFunction) async throws(CutisError) -> String {
        var hash = initial
        var offset = 0
        while let bytes = try file.read(at: offset, upTo: 1 << 20) {
            hash.update(data: bytes)
            offset += bytes.count
            if Task.isCancelled { throw HubFailure.cancelled }
            await Task.yield()
        }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
