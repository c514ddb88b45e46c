import AsyncHTTPClient
import CutisCore
public import Foundation
import NIOCore
import NIOHTTP1

/// Blobs in a bucket of an S3-compatible store (AWS, MinIO, Ceph, …), addressed by path.
///
/// Every request is signed (Signature Version 4) with the hash of its body, so that what arrives damaged is refused.
public final class S3BlobStore: BlobStore {
    private let transport: S3Transport

    /// Connects to a bucket.
    ///
    /// - Throws: `CutisError` with `.storageUnavailable` where the bucket cannot be listed, or `.configInvalid` where it
    ///   keeps old versions, since what is deleted would not be gone.
    public static func open(_ configuration: S3Configuration) async throws -> S3BlobStore {
        let store = S3BlobStore(configuration)
        _ = try await store.page(prefix: "", after: nil, size: 1)
        // A store that does not know versions, or does not show this key whether there are some, has none to check.
        let answer = try await store.transport.send(
            S3Transport.Request(method: .GET, query: [("versioning", "")]),
            accepting: [200, 400, 403, 404, 405, 501])
        guard answer.status != 200 || S3Document(answer.body).first("Status") != "Enabled" else {
            throw CutisError(
                .configInvalid, "The bucket \(configuration.bucket) keeps old versions: nothing in it is ever deleted.",
                remedy: "Use a bucket without versioning, so that a deleted image is gone.")
        }
        return store
    }

    private init(_ configuration: S3Configuration) {
        var settings = HTTPClient.Configuration()
        // A redirect would carry the signature elsewhere, and a compressed answer would hide its size.
        settings.redirectConfiguration = .disallow
        settings.decompression = .disabled
        settings.httpVersion = .http1Only
        settings.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(10))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        transport = S3Transport(client: client, configuration: configuration)
    }

    deinit {
        transport.client.shutdown { _ in }
    }

    /// Keeps bytes under a new key; the same bytes once more are no error.
    public func put(_ key: String, _ data: Data) async throws {
        let object = try object(key)
        // Not every store knows the condition of the request below.
        if let size = try await size(object) { return try await compare(key, size, data) }
        let request = S3Transport.Request(
            method: .PUT, object: object,
            headers: [("If-None-Match", "*"), ("Content-Type", "application/octet-stream")], body: data)
        let answer = try await transport.send(request, accepting: [200, 412, 501])
        switch answer.status {
        case 412:
            // Another writer, or an earlier attempt whose answer was lost.
            try await compare(key, try await size(object) ?? -1, data)
        case 501: try await overwrite(object, data)
        default: break
        }
    }

    /// Puts other bytes in the place of a key's in one step.
    public func replace(_ key: String, _ data: Data) async throws {
        let object = try object(key)
        guard try await size(object) != nil else { throw CutisError.blobMissing(key) }
        try await overwrite(object, data)
    }

    /// The bytes of a key.
    public func get(_ key: String) async throws -> Data {
        let limit = transport.configuration.largestObject
        let request = S3Transport.Request(method: .GET, object: try object(key), limit: limit)
        return try await content(of: key, request, accepting: [200]).body
    }

    /// A part of the bytes of a key.
    public func get(_ key: String, range: Range<Int>) async throws -> Data {
        guard !range.isEmpty else {
            guard try await size(object(key)) != nil else { throw CutisError.blobMissing(key) }
            return Data()
        }
        let request = S3Transport.Request(
            method: .GET, object: try object(key),
            headers: [("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")],
            limit: transport.configuration.largestObject)
        let answer = try await content(of: key, request, accepting: [200, 206, 416])
        switch answer.status {
        case 206: return answer.body
        case 416: return Data()
        default:
            // A store that knows no ranges sends everything.
            let cut = range.clamped(to: 0..<answer.body.count)
            return Data(answer.body.dropFirst(cut.lowerBound).prefix(cut.count))
        }
    }

    /// Removes a key for good.
    public func delete(_ key: String) async throws {
        let answer = try await transport.send(
            S3Transport.Request(method: .DELETE, object: try object(key)), accepting: [200, 204, 404])
        if answer.errorCode == "NoSuchBucket" { throw S3Failure.error(answer, transport.configuration) }
    }

    /// All keys with a prefix.
    public func keys(prefix: String) async throws -> [String] {
        try BlobKey.check(prefix: prefix)
        var keys: [String] = []
        var token: String?
        repeat {
            let page = try await page(prefix: prefix, after: token, size: 1000)
            keys += page.all("Key").map { String($0.dropFirst(transport.configuration.prefix.count)) }
            token = page.first("IsTruncated") == "true" ? page.first("NextContinuationToken") : nil
        } while token != nil
        return keys
    }

    private func page(prefix: String, after token: String?, size: Int) async throws -> S3Document {
        var query = [
            ("list-type", "2"), ("max-keys", String(size)), ("prefix", transport.configuration.prefix + prefix),
        ]
        if let token { query.append(("continuation-token", token)) }
        // A thousand keys of at most 1024 bytes, each with some 500 bytes about it.
        let request = S3Transport.Request(method: .GET, query: query, limit: 4 << 20)
        return S3Document(try await transport.send(request, accepting: [200]).body)
    }

    private func overwrite(_ object: String, _ data: Data) async throws {
        let headers = [("Content-Type", "application/octet-stream")]
        _ = try await transport.send(
            S3Transport.Request(method: .PUT, object: object, headers: headers, body: data), accepting: [200])
    }

    /// The size of an object, or nil where there is none.
    private func size(_ object: String) async throws -> Int? {
        let answer = try await transport.send(
            S3Transport.Request(method: .HEAD, object: object), accepting: [200, 404])
        return answer.status == 404 ? nil : answer.headers.first(name: "Content-Length").flatMap { Int($0) } ?? -1
    }

    private func compare(_ key: String, _ size: Int, _ data: Data) async throws {
        guard size == data.count || size < 0, try await get(key) == data else { throw CutisError.blobConflict(key) }
    }

    private func content(
        of key: String, _ request: S3Transport.Request, accepting accepted: Set<Int>
    ) async throws -> S3Transport.Answer {
        let answer = try await transport.send(request, accepting: accepted.union([404]))
        guard answer.status == 404 else { return answer }
        throw answer.errorCode == "NoSuchBucket"
            ? S3Failure.error(answer, transport.configuration) : CutisError.blobMissing(key)
    }

    private func object(_ key: String) throws(CutisError) -> String {
        try BlobKey.check(key)
        return transport.configuration.prefix + key
    }
}
