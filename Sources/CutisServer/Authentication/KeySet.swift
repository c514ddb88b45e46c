import AsyncHTTPClient
public import CutisCore
import Foundation
import HTTPTypes
import JWTKit
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

/// The provider's public keys, kept until a token names one that is not among them.
actor KeySet {
    /// The largest key set that is read, in bytes.
    static let sizeLimit = 1 << 20
    /// How long keys are used before they are read again, in milliseconds.
    static let lifetime: Int64 = 3_600_000
    /// How long keys are used while the provider cannot be reached, in milliseconds: a key that was withdrawn meanwhile
    /// must not serve for ever.
    static let longest: Int64 = 86_400_000
    /// The least time between two readings, in milliseconds: tokens with made-up keys cause no more traffic than this.
    static let leastInterval: Int64 = 60_000

    private let read: @Sendable () async throws -> Data
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private var keys: [JWK] = []
    private var readAt: Int64?
    private var triedAt: Int64?
    private var reading: Task<Bool, Never>?

    /// - Parameters:
    ///   - read: reads the set's JSON.
    ///   - now: milliseconds since 1970.
    init(read: @escaping @Sendable () async throws -> Data, now: @escaping @Sendable () -> Int64, logger: Logger) {
        self.read = read
        self.now = now
        self.logger = logger
    }

    /// Reads from where a configuration says.
    ///
    /// - Parameter timeLimit: how long a reading over the network may take, to its last byte.
    init(
        _ configuration: TokenConfiguration, now: @escaping @Sendable () -> Int64, logger: Logger,
        timeLimit: Duration
    ) {
        switch configuration.keys {
        case .file(let url): self.init(read: { try Data(contentsOf: url) }, now: now, logger: logger)
        case .address(let url):
            let authority = configuration.authority
            self.init(
                read: { try await Self.fetch(url, trusting: authority, within: timeLimit) }, now: now, logger: logger)
        }
    }

    /// The keys of an algorithm that a token may mean: the one it names, or all where it names none.
    ///
    /// - Throws: `CutisError` with `.unauthenticated` where there is none, a `Problem` (503) where no keys could be read
    ///   for a day.
    func candidates(
        keyID: String?, algorithm: TokenConfiguration.Algorithm
    ) async throws -> [any JWTAlgorithm] {
        if readAt.map({ now() - $0 > Self.lifetime }) ?? true { try await refresh() }
        guard let readAt, now() - readAt <= Self.longest else { throw Self.unavailable }
        var found = try await matches(keyID, algorithm)
        if found.isEmpty, keyID != nil, try await refresh() { found = try await matches(keyID, algorithm) }
        guard !found.isEmpty else { throw JSONWebToken.refused("is signed by an unknown key") }
        return found
    }

    private func matches(
        _ keyID: String?, _ algorithm: TokenConfiguration.Algorithm
    ) async throws -> [any JWTAlgorithm] {
        var found: [any JWTAlgorithm] = []
        for key in keys where keyID == nil || key.keyIdentifier?.string == keyID {
            // A key that is bound to an algorithm serves no other, and its kind must be the algorithm's.
            guard key.algorithm == nil || key.algorithm?.rawValue == algorithm.rawValue,
                key.keyType == algorithm.keyType, let name = JWK.Algorithm(rawValue: algorithm.rawValue)
            else { continue }
            var key = key
            key.algorithm = name
            key.keyIdentifier = "key"
            guard let collection = try? await JWTKeyCollection().add(jwk: key),
                let signer = try? await collection.getKey(for: "key", alg: algorithm.rawValue),
                signer.name == algorithm.rawValue
            else { continue }
            found.append(signer)
        }
        return found
    }

    /// Reads the keys again, at most once per interval; those who come meanwhile wait for the same reading.
    ///
    /// - Returns: whether they were read.
    @discardableResult
    private func refresh() async throws -> Bool {
        let task: Task<Bool, Never>
        if let reading {
            task = reading
        } else if let triedAt, (0..<Self.leastInterval).contains(now() - triedAt) {
            guard readAt != nil else { throw Self.unavailable }
            return false
        } else {
            triedAt = now()
            task = Task { await load() }
            reading = task
        }
        let wasRead = await task.value
        guard wasRead || readAt != nil else { throw Self.unavailable }
        return wasRead
    }

    /// Reads the keys and takes them, before any of those who wait goes on.
    private func load() async -> Bool {
        defer { reading = nil }
        do {
            keys = try Self.parse(try await read())
            readAt = now()
            return true
        } catch {
            logger.error("the key set of the identity provider could not be read", metadata: ["error": "\(error)"])
            return false
        }
    }

    private static let unavailable = Problem(
        CutisError(
            .networkFailed, "Tokens cannot be checked: the identity provider's keys could not be read.",
            remedy: "Try again in a minute, or use an API key."), status: .serviceUnavailable, retryAfter: 60)

    /// The keys of a set that can be used; those of unknown kinds are passed over (RFC 7517, section 5).
    static func parse(_ data: Data) throws -> [JWK] {
        guard data.count <= sizeLimit else {
            throw CutisError(.dataInvalid, "The key set is too large.", remedy: "Check the configured address.")
        }
        struct Set: Decodable {
            struct Entry: Decodable {
                let key: JWK?
                init(from decoder: any Decoder) throws { key = try? JWK(from: decoder) }
            }
            let keys: [Entry]
        }
        return try JSONDecoder().decode(Set.self, from: data).keys.compactMap(\.key)
    }

    private static func fetch(_ url: URL, trusting authority: URL?, within limit: Duration) async throws -> Data {
        guard url.scheme == "https" else {
            throw CutisError(
                .configInvalid, "The key set's address \(url) is not https.",
                remedy: "Configure an https address or a file.")
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authority { tls.trustRoots = .file(authority.path) }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let data = try await withThrowingTaskGroup(of: Data.self) { group in
                group.addTask { try await download(url, client, limit) }
                // The client's own limit ends with the head of the answer.
                group.addTask {
                    try await Task.sleep(for: limit)
                    throw CutisError(
                        .networkFailed, "\(url) did not answer within \(limit).",
                        remedy: "Check the configured address.")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? Data()
            }
            try await client.shutdown()
            return data
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private static func download(_ url: URL, _ client: HTTPClient, _ limit: Duration) async throws -> Data {
        let response = try await client.execute(
            HTTPClientRequest(url: url.absoluteString), timeout: .nanoseconds(Int64(limit / .nanoseconds(1))))
        guard response.status == .ok else {
            throw CutisError(
                .networkFailed, "\(url) answered with \(response.status.code).",
                remedy: "Check the configured address.")
        }
        return Data(try await response.body.collect(upTo: sizeLimit).readableBytesView)
    }
}

extension TokenConfiguration {
    /// Reads the key set where it is a file; an address is asked when the first token comes.
    ///
    /// - Throws: `CutisError` with `.configInvalid` where the file holds no key for any of the algorithms.
    public func checkKeys() throws(CutisError) {
        guard case .file(let url) = keys else { return }
        let found = FileManager.default.contents(atPath: url.path).flatMap { try? KeySet.parse($0) }
        let isReadable = found != nil
        guard let found, found.contains(where: { key in algorithms.contains { $0.keyType == key.keyType } }) else {
            throw CutisError(
                .configInvalid,
                "The key set \(url.path) \(isReadable ? "has no key that can be used" : "cannot be read").",
                remedy: "Save the identity provider's key set (JSON with `keys`) there, with keys for "
                    + "\(algorithms.map(\.rawValue).sorted().joined(separator: ", ")).")
        }
    }
}

extension TokenConfiguration.Algorithm {
    /// The kind of key that the algorithm needs.
    fileprivate var keyType: JWK.KeyType {
        switch self {
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa
        case .es256, .es384, .es512: .ecdsa
        case .edDSA: .octetKeyPair
        }
    }
}
