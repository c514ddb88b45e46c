import CutisCore
import CutisTraining
import Foundation
import Testing

@Suite("Samplers: order, weights, ranks")
struct SamplerTests {
    /// 10 rows of class 0, 30 of class 1, 60 of class 2.
    static let labels = (0..<100).map { $0 < 10 ? 0 : $0 < 40 ? 1 : 2 }

    @Test func anEpochHasEveryRowOnceAndDependsOnSeedAndEpochAlone() throws {
        let rows = Array(100..<150)
        let sampler = try Sampler(rows: rows, batchSize: 8, seed: 3)
        #expect(sampler.order(epoch: 2).sorted() == rows)
        #expect(sampler.order(epoch: 2) == (try Sampler(rows: rows, batchSize: 4, seed: 3)).order(epoch: 2))
        #expect(sampler.order(epoch: 2) != sampler.order(epoch: 3))
        #expect(sampler.order(epoch: 2) != (try Sampler(rows: rows, batchSize: 8, seed: 4)).order(epoch: 2))
        #expect(try Sampler(rows: rows, strategy: .sequential, batchSize: 8, seed: 3).order(epoch: 5) == rows)
        #expect(sampler.batchCount == 6)
    }

    @Test func weightedClassesAreAsLikelyAndRowsComeBack() throws {
        let rows = Array(Self.labels.indices)
        let sampler = try Sampler(rows: rows, labels: Self.labels, strategy: .weighted, batchSize: 10, seed: 1)
        var counts = [Int](repeating: 0, count: 100)
        for epoch in 0..<300 {
            let order = sampler.order(epoch: epoch)
            #expect(order.count == 100)
            for row in order { counts[row] += 1 }
        }
        for label in 0..<3 {
            let found = counts.indices.reduce(0) { $0 + (Self.labels[$1] == label ? counts[$1] : 0) }
            #expect(abs(found - 10_000) < 330, "class \(label) came \(found) times of 30,000")
        }
        // w_i = N / (K·N_i): the first ten rows are each six times as likely as the last sixty.
        #expect(counts[..<10].allSatisfy { abs($0 - 1000) < 130 })
        #expect(counts[40...].allSatisfy { abs($0 - 167) < 60 })
        #expect(Set(sampler.order(epoch: 0)).count < 100)
    }

    @Test(arguments: [2, 3, 4]) func ranksTogetherSeeTheBatchesOfOneProcess(_ world: Int) throws {
        let rows = Array(0..<103)
        for keepsLast in [false, true] {
            let one = try Sampler(rows: rows, batchSize: 5 * world, seed: 9, keepsLast: keepsLast)
            let ranks = try (0..<world).map {
                try Sampler(rows: rows, batchSize: 5, seed: 9, keepsLast: keepsLast, rank: $0, worldSize: world)
            }
            for number in 0..<ranks[0].batchCount {
                let whole = one.part(ofBatch: number)
                #expect(whole == one.batch(number))
                #expect(ranks.flatMap { Array($0.part(ofBatch: number)) } == Array(whole))
                #expect(ranks.allSatisfy { $0.batch(number) == whole && !$0.part(ofBatch: number).isEmpty })
                let sizes = ranks.map { $0.part(ofBatch: number).count }
                #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            }
            let order = one.order(epoch: 4)
            #expect(ranks.allSatisfy { $0.batchCount == ranks[0].batchCount && $0.order(epoch: 4) == order })
        }
    }

    @Test func theLastRowsAreKeptOrLeft() throws {
        let rows = Array(0..<21)
        #expect(try Sampler(rows: rows, batchSize: 8, seed: 0).batchCount == 2)
        let keeping = try Sampler(rows: rows, batchSize: 8, seed: 0, keepsLast: true)
        #expect(keeping.batchCount == 3 && keeping.part(ofBatch: 2) == 16..<21)
        let ranks = try Sampler(rows: Array(0..<17), batchSize: 4, seed: 0, keepsLast: true, rank: 1, worldSize: 4)
        #expect(ranks.batchCount == 1, "one row left is too few for four ranks")
    }

    @Test func whatCannotBeIsRefused() {
        #expect(throws: CutisError.self) { try Sampler(rows: [1, 2], batchSize: 0, seed: 0) }
        #expect(throws: CutisError.self) { try Sampler(rows: [1, 2], batchSize: 1, seed: 0, rank: 2, worldSize: 2) }
        #expect(throws: CutisError.self) { try Sampler(rows: [1, 2], strategy: .weighted, batchSize: 1, seed: 0) }
        let error = #expect(throws: CutisError.self) { try Sampler(rows: [1, 2], batchSize: 3, seed: 0) }
        #expect(error?.code == .dataInvalid && error?.message.contains("fill one batch") == true)
        #expect(throws: CutisError.self) { try Sampler(rows: [], batchSize: 3, seed: 0, keepsLast: true) }
    }

    @Test func theStateIsKeptAsJSON() throws {
        let state = SamplerState(seed: .max, epoch: 3, position: 17)
        let data = try JSONEncoder().encode(state)
        #expect(try JSONDecoder().decode(SamplerState.self, from: data) == state)
    }
}
