import CutisCore
import CutisInference
import Testing

@Suite struct ShardTests {
    @Test(arguments: [(1, 1), (7, 3), (8, 4), (5, 5), (1_000_003, 64)])
    func partsCoverTheInputsOnce(total: Int, count: Int) throws {
        var next = 0
        var sizes: Set<Int> = []
        for index in 0..<count {
            let range = try #require(Shard(index: index, count: count)).range(of: total)
            #expect(range.lowerBound == next)
            next = range.upperBound
            sizes.insert(range.count)
        }
        #expect(next == total)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }

    @Test func morePartsThanInputsAreRefused() throws {
        let shard = try #require(Shard("4/5"))
        #expect(throws: CutisError.self) { _ = try shard.range(of: 3) }
    }

    @Test func reading() {
        #expect(Shard("3/8")?.description == "3/8")
        for text in ["", "/", "3", "8/8", "-1/8", "+1/8", " 1/8", "1/8/9", "1/0", "1/1000000", "٣/8"] {
            #expect(Shard(text) == nil, "\(text)")
        }
    }
}
