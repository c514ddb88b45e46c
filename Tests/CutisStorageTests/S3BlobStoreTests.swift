import CutisCore
import CutisStorage
import Foundation
import Testing

extension BlobBackend {
    static let s3 = BlobBackend(name: "S3") { body in
        try await S3Server.shared.value.withBucket { try await body(S3BlobStore.open($0)) }
    }
}

/// What is an S3-compatible store's own; the contract is `BlobStoreContractTests`.
@Suite(.enabled(if: S3Server.isAvailable, S3Server.absence))
struct S3BlobStoreTests {
    private static func refusal(_ body: () async throws -> Void) async -> CutisError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CutisError
        }
    }

    @Test func theContractRunsOnIt() {
        #expect(BlobBackend.all.contains { $0.name == BlobBackend.s3.name })
    }

    @Test func listingsGoOnAfterThePage() async throws {
        try await S3Server.shared.value.withBucket { configuration in
            let store = try await S3BlobStore.open(configuration)
            let keys = Set((0..<1100).map { "many/\($0)" })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in keys { group.addTask { try await store.put(key, Data(key.utf8)) } }
                try await group.waitForAll()
            }
            #expect(Set(try await store.keys(prefix: "many/")) == keys)
        }
    }

    @Test func wrongBucketsAndEndpointsAreNamed() async throws {
        let server = try await S3Server.shared.value
        let missing = await Self.refusal { _ = try await S3BlobStore.open(try server.configuration("no-such-bucket")) }
        #expect(missing?.code == .storageUnavailable)
        let nobody = try server.configuration("bucket", endpoint: "http://127.0.0.1:1")
        #expect(await Self.refusal { _ = try await S3BlobStore.open(nobody) }?.code == .storageUnavailable)
    }

    @Test func aBucketThatKeepsVersionsIsRefused() async throws {
        let server = try await S3Server.shared.value
        try await server.withBucket { configuration in
            _ = try await server.tell("versions \(configuration.bucket)")
            #expect(await Self.refusal { _ = try await S3BlobStore.open(configuration) }?.code == .configInvalid)
        }
    }

    @Test func answersThatAreTooLargeAreNotTaken() async throws {
        try await S3Server.shared.value.withBucket { configuration in
            var small = configuration
            small.largestObject = 1000
            let store = try await S3BlobStore.open(small)
            try await store.put("large", Data(count: 5000))
            #expect(await Self.refusal { _ = try await store.get("large") }?.code == .storageUnavailable)
        }
    }

    /// Broken connections and 503 pass, as long as there are not too many of them.
    @Test func failuresThatPassAreRepeated() async throws {
        let server = try await S3Server.shared.value
        try await server.withBucket { direct in
            let proxy = try await server.tell("faults 0")
            let store = try await S3BlobStore.open(try server.configuration(direct.bucket, endpoint: proxy))
            _ = try await server.tell("faults 3")
            try await store.put("kept", Data("once".utf8))
            _ = try await server.tell("faults 2")
            #expect(try await store.get("kept") == Data("once".utf8))
            _ = try await server.tell("faults 50")
            #expect(await Self.refusal { _ = try await store.get("kept") }?.code == .storageUnavailable)
            _ = try await server.tell("faults 0")
            #expect(try await store.keys(prefix: "") == ["kept"])
        }
    }
}
