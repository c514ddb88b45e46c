import CutisCore
import CutisHub
import Foundation
import Testing

@Suite struct FuzzTests {
    /// Mutated listings are refused or are safe; they never bring the process down.
    @Test(.timeLimit(.minutes(1))) func listings() throws {
        let repository = try RepositoryName(StubHub.repo)
        let siblings = StubHub.files.map {
            #"{"rfilename":"\#($0.path)","size":\#($0.content.count),"blobId":"\#($0.tag)"}"#
        }
        let seed = Array(#"{"sha":"\#(StubHub.commit)","siblings":[\#(siblings.joined(separator: ","))]}"#.utf8)
        let whole = try RepositoryListing(answer: Data(seed), of: repository)
        let tree = Array(try #require(whole.tree()))
        #expect(RepositoryListing(tree: Data(tree), commit: StubHub.commit, of: repository) == whole)

        var generator = SplitMix(state: 7)
        for round in 0..<10_000 {
            let isTree = round % 2 == 1
            let bytes = Data(mutated(isTree ? tree : seed, &generator))
            let listing =
                isTree
                ? RepositoryListing(tree: bytes, commit: StubHub.commit, of: repository)
                : try? RepositoryListing(answer: bytes, of: repository)
            for file in listing?.files ?? [] {
                #expect(
                    !file.path.split(separator: "/", omittingEmptySubsequences: false).contains {
                        ["", ".", ".."].contains($0)
                    })
            }
        }
    }

    @Test func deeplyNestedListings() throws {
        let repository = try RepositoryName(StubHub.repo)
        for bracket in ["[", #"{"siblings":"#] {
            let bytes = Data(String(repeating: bracket, count: 200_000).utf8)
            #expect(throws: CutisError.self) { try RepositoryListing(answer: bytes, of: repository) }
        }
    }

    private func mutated(_ bytes: [UInt8], _ generator: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        let tricks = [
            "../", "//", "\\u0000", "-1", "9e999", "null", "[]", "{}", "\"", ".", "\\ud800", "99999999999999999999",
        ]
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &generator)))
            case 2: bytes.insert(contentsOf: Array((tricks.randomElement(using: &generator) ?? "").utf8), at: place)
            default: bytes.removeLast(bytes.count - place)
            }
        }
        return bytes
    }
}

/// A small generator with a seed (Steele, Lea, Flood 2014), so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
