import CutisCore
import Foundation
import NIOCore
import NIOHTTP1

/// A content that the hub has, and the files of a commit that have it.
struct RemoteBlob: Sendable {
    /// The name in the cache.
    let name: BlobName
    /// The size in bytes, where the hub says it.
    let size: Int?
    /// The files; the first one is what is asked for.
    var paths: [String]

    /// The file that is asked for.
    var path: String { paths.first ?? "" }
}

extension HubTransport {
    /// Asks the hub for the tag and the size of one file.
    ///
    /// - Parameters:
    ///   - file: the file as listed; a size that contradicts the listing is refused.
    ///   - commit: the commit; the hub must confirm it.
    /// - Throws: `.networkFailed`, `.accessDenied`, `.fileNotFound`, `.cancelled`.
    func metadata(
        of file: ListedFile, _ subject: HubSubject, commit: String
    ) async throws(CutisError) -> RemoteBlob {
        let url = try endpoint.file(file.path, of: subject.repository, commit: commit)
        let answer = try await retry.run { () async throws(Setback) in
            try await send(.HEAD, url, subject: subject, deadline: .now() + .seconds(metadataTimeout))
        }
        guard answer.header("X-Repo-Commit") == commit,
            let tag = answer.header("X-Linked-ETag") ?? answer.header("ETag")
        else {
            throw CutisError(
                .networkFailed,
                "\(endpoint.base) does not answer as a hub does to the request for \(subject.description).",
                remedy: "Check HF_ENDPOINT, and that no proxy or login page answers in the hub's place.")
        }
        guard let name = BlobName(header: tag) else {
            throw CutisError(
                .checkpointUnsafe, "The hub gives \(subject.description) a tag that is no safe file name.",
                remedy: "Nothing was written; check HF_ENDPOINT.")
        }
        let declared = answer.header("X-Linked-Size") ?? answer.contentLength
        let size = declared.flatMap { Int($0) }
        guard (declared == nil) == (size == nil), size ?? 0 >= 0, size == nil || file.size == nil || size == file.size
        else {
            throw CutisError(
                .networkFailed, "The hub contradicts itself about the size of \(subject.description).",
                remedy: "Try again later; if it stays so, tell the repository's owner or the hub.")
        }
        return RemoteBlob(name: name, size: size ?? file.size, paths: [file.path])
    }
}
