import Crypto
import CutisCore
import CutisHub
import Foundation
import Synchronization

/// A hub with one repository, which answers as the real one does unless a test interferes.
final class StubHub: Sendable {
    static let repo = "acme/skin-model"
    static let commit = "0123456789abcdef0123456789abcdef01234567"

    /// A file of the repository.
    struct File: Sendable {
        var path: String
        var content: [UInt8]
        /// Whether it is in large-file storage, and so tagged with its sha256.
        var isLarge = false

        var tag: String { isLarge ? hex(SHA256.hash(data: content)) : gitHash }
        var gitHash: String {
            hex(Insecure.SHA1.hash(data: Array("blob \(content.count)\0".utf8) + content))
        }
    }

    static let files = [
        File(path: "config.json", content: Array(#"{"model_type": "vit"}"#.utf8)),
        File(path: "model.safetensors", content: StubHub.bytes(200_000), isLarge: true),
        File(path: "nested/deeper/labels.json", content: Array(#"["mel", "nv"]"#.utf8)),
    ]

    typealias Interference = @Sendable (StubServer.Request, _ hub: StubHub) -> StubServer.Reply?

    let server: StubServer
    let files: [File]
    let root: URL
    private let box: Box

    private final class Box: Sendable {
        let hub = Mutex<StubHub?>(nil)
    }

    /// - Parameter interfering: answers instead of the hub, where it answers at all.
    init(_ files: [File] = StubHub.files, interfering: @escaping Interference = { _, _ in nil }) async throws {
        let box = Box()
        self.files = files
        self.box = box
        root = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-hub-\(UUID().uuidString)")
        server = try await StubServer { request in
            guard let hub = box.hub.withLock({ $0 }) else { return .status(500) }
            return interfering(request, hub) ?? hub.reply(to: request)
        }
        box.hub.withLock { $0 = self }
    }

    /// Stops the server and removes the cache.
    func end() async {
        await server.stop()
        box.hub.withLock { $0 = nil }
        try? FileManager.default.removeItem(at: root)
    }

    /// Variables that lead a client here, and to a cache of its own.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        ["HF_ENDPOINT": server.address, "HF_HUB_CACHE": root.path, "HOME": root.path].merging(more) { $1 }
    }

    func client(_ more: [String: String] = [:], warn: @escaping @Sendable (String) -> Void = { _ in }) -> HubClient {
        let retry = RetryPolicy(attempts: 4, pause: .milliseconds(2), longestPause: .seconds(2))
        return HubClient(environment: environment(more), retry: retry, warn: warn)
    }

    /// A path inside the repository's folder of the cache.
    func cached(_ path: String) -> String {
        root.appendingPathComponent("models--acme--skin-model/\(path)").path
    }

    func file(_ path: String) -> File {
        files.first { $0.path == path } ?? File(path: path, content: [])
    }

    /// Bytes that look random and are the same each time.
    static func bytes(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    /// The hub's ordinary answer.
    func reply(to request: StubServer.Request) -> StubServer.Reply {
        let resolve = "/\(Self.repo)/resolve/\(Self.commit)/"
        if request.path == "/api/models/\(Self.repo)/revision/main"
            || request.path.hasSuffix("/revision/\(Self.commit)")
        {
            return .status(200, [], listing())
        }
        guard request.path.hasPrefix(resolve) else {
            return .status(
                404, [("X-Error-Code", request.path.hasPrefix("/api") ? "RevisionNotFound" : "EntryNotFound")])
        }
        let path = String(request.path.dropFirst(resolve.count)).removingPercentEncoding ?? ""
        guard let file = files.first(where: { $0.path == path }) else {
            return .status(404, [("X-Error-Code", "EntryNotFound")])
        }
        return content(file, request)
    }

    /// A file's content, or the part that was asked for, with the hub's headers.
    func content(_ file: File, _ request: StubServer.Request) -> StubServer.Reply {
        var reply = StubServer.Reply(
            headers: [("X-Repo-Commit", Self.commit), ("ETag", "\"\(file.tag)\"")], body: file.content)
        if file.isLarge {
            reply.headers += [("X-Linked-ETag", "\"\(file.tag)\""), ("X-Linked-Size", "\(file.content.count)")]
        }
        if let range = request.header("Range"),
            let start = range.firstMatch(of: /^bytes=(\d+)-$/).flatMap({ Int($0.1) })
        {
            guard start < file.content.count else { return .status(416) }
            reply.status = 206
            reply.headers.append(("Content-Range", "bytes \(start)-\(file.content.count - 1)/\(file.content.count)"))
            reply.body = Array(file.content[start...])
        }
        return reply
    }

    /// The answer of `/api/models/…`.
    func listing(commit: String = StubHub.commit) -> String {
        let siblings = files.map { file in
            let size = file.content.count
            let large = file.isLarge ? #", "lfs": {"sha256": "\#(file.tag)", "size": \#(size)}"# : ""
            return #"{"rfilename": "\#(file.path)", "size": \#(size), "blobId": "\#(file.gitHash)"\#(large)}"#
        }
        return #"{"id": "\#(Self.repo)", "sha": "\#(commit)", "siblings": [\#(siblings.joined(separator: ", "))]}"#
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Runs `body` with a hub and cleans up after it.
func withHub(
    _ files: [StubHub.File] = StubHub.files, interfering: @escaping StubHub.Interference = { _, _ in nil },
    _ body: (StubHub) async throws -> Void
) async throws {
    let hub = try await StubHub(files, interfering: interfering)
    do {
        try await body(hub)
    } catch {
        await hub.end()
        throw error
    }
    await hub.end()
}

/// The error of a pull that must fail.
func failure(of hub: StubHub, _ more: [String: String] = [:], revision: String = "main", include: FileSelection = .all)
    async
    -> CutisError?
{
    do {
        _ = try await hub.client(more).snapshot(repo: StubHub.repo, revision: revision, include: include)
        return nil
    } catch {
        return error
    }
}

/// A number that counts up across threads.
final class Counter: Sendable {
    private let value = Mutex(0)

    /// Counts one more and gives the new number.
    @discardableResult func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}

/// Collects values across threads.
final class Collector<Value: Sendable>: Sendable {
    private let storage = Mutex<[Value]>([])
    var values: [Value] { storage.withLock { $0 } }
    func add(_ value: Value) { storage.withLock { $0.append(value) } }
}
