import CutisCore
import CutisTensor
import CutisTraining
import Foundation
import Synchronization
import Testing

/// A port that nothing listens on at the moment.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    try #require(bound)
    return Int(UInt16(bigEndian: address.sin_port))
}

/// What a call that fails says; empty for one that does not.
private func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch let error as CutisError {
        return error.message
    } catch {
        return "\(error)"
    }
}

/// Several ranks as threads of this process: the same sockets, without the cost of processes.
@Suite(.serialized) struct ProcessGroupTests {
    /// Runs `body` as each rank; the values in the order of the ranks.
    private static func ranks<R: Sendable>(
        _ count: Int, timeout: Duration = .seconds(30), _ body: @escaping @Sendable (GradientSynchroniser) throws -> R
    ) throws -> [Result<R, any Error>] {
        let port = try freePort()
        let results = Mutex([Int: Result<R, any Error>]())
        let done = DispatchGroup()
        for rank in 0..<count {
            done.enter()
            Thread {
                let result = Result {
                    let group = try ProcessGroup(
                        rank: rank, worldSize: count, address: "127.0.0.1", port: port, timeout: timeout)
                    return try body(GradientSynchroniser(group, bucketBytes: 1000))
                }
                results.withLock { $0[rank] = result }
                done.leave()
            }.start()
        }
        try #require(done.wait(timeout: .now() + 60) == .success, "the ranks hang")
        let all = results.withLock { $0 }
        return (0..<count).compactMap { all[$0] }
    }

    @Test func theHeadersFitTheLibrary() throws {
        #expect(ProcessGroup.isBuilt(for: .cpu))
        try ProcessGroup.check()
    }

    @Test(arguments: [1, 2, 3])
    func sumsListsOfAllShapesAndTypes(count: Int) throws {
        let results = try Self.ranks(count) { synchroniser in
            let factor = Double(synchroniser.rank + 1)
            let matrix = try Tensor((0..<12).map { Float($0) }, shape: [3, 4]) * factor
            // Bigger than a bucket, not contiguous, another type, empty, rank 0.
            let tensors = [
                try Tensor.ones([700]) * factor, matrix, try matrix.clone().transpose(0, 1), try Tensor.zeros([0]),
                try Tensor([1, 2, 3], shape: [3]) * (synchroniser.rank + 1), try Tensor.scalar(factor),
            ]
            try synchroniser.sum(tensors)
            return try tensors.map { try $0.to(.float64).contiguous().doubles() }
        }
        let total = Double(count * (count + 1) / 2)
        let rows: [Double] = (0..<12).map { Double($0) * total }
        let columns: [Double] = (0..<12).map { rows[$0 / 3 + $0 % 3 * 4] }
        for result in results {
            let values = try result.get()
            #expect(values[0] == Array(repeating: total, count: 700))
            #expect(values[1] == rows)
            #expect(values[2] == columns)
            #expect(values[3] == [])
            #expect(values[4] == [total, 2 * total, 3 * total])
            #expect(values[5] == [total])
        }
    }

    @Test func broadcastsAveragesAndGathers() throws {
        let results = try Self.ranks(3) { synchroniser in
            let weights = try Tensor([Float(synchroniser.rank), 7], shape: [2])
            try synchroniser.broadcast([weights])
            let statistics = try Tensor([Float(synchroniser.rank * 3)], shape: [1])
            let counter = try Tensor([Int64(synchroniser.rank + 4)], shape: [1])
            try synchroniser.average([statistics, counter])
            let names = try synchroniser.gather(Array(String(repeating: "é", count: synchroniser.rank).utf8))
            try synchroniser.barrier()
            let numbers = try synchroniser.sum([0.5, Double(synchroniser.rank)])
            return (
                try weights.floats(), try statistics.floats(), try counter.int64s(),
                names.map { String(decoding: $0, as: UTF8.self) }, numbers
            )
        }
        for result in results {
            let (weights, statistics, counter, names, numbers) = try result.get()
            #expect(weights == [0, 7])
            #expect(statistics == [3])
            #expect(counter == [4])
            #expect(names == ["", "é", "éé"])
            #expect(numbers == [1.5, 3])
        }
    }

    @Test func ranksOfDifferentRunsAreTold() throws {
        let results = try Self.ranks(2) { synchroniser in
            let parameters = [try Tensor.zeros([2 + synchroniser.rank])]
            let facts = ["data": "\(synchroniser.rank)"]
            return message { try synchroniser.checkEqual(facts, parameters: []) }
                + message { try synchroniser.checkEqual([:], parameters: parameters) }
        }
        for result in results {
            let text = try result.get()
            #expect(text.contains("Rank 1 was started with another data than rank 0"))
            #expect(text.contains("another parameters"))
        }
    }

    @Test func aRankThatGoesAwayFailsTheOthersAtOnceAndForGood() throws {
        let start = ContinuousClock.now
        let results = try Self.ranks(2) { synchroniser -> [String] in
            guard synchroniser.rank == 0 else { return [] }
            return (0..<2).map { _ in message { try synchroniser.barrier() } }
        }
        let messages = try results[0].get()
        #expect(messages.count == 2)
        #expect(messages.allSatisfy { $0.contains("another rank ended or cannot be reached") }, "\(messages)")
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test func aRankThatDoesNotComeIsNamed() throws {
        let port = try freePort()
        let error = try #require(throws: ProcessGroupError.self) {
            _ = try ProcessGroup(rank: 0, worldSize: 3, address: "127.0.0.1", port: port, timeout: .seconds(1))
        }
        #expect(error.code == .timeout)
        #expect(error.message == "rank 0 of 3: these ranks did not join within 1 s: 1, 2")
        let other = try #require(throws: ProcessGroupError.self) {
            _ = try ProcessGroup(rank: 1, worldSize: 2, address: "127.0.0.1", port: port, timeout: .seconds(2))
        }
        #expect(other.code == .timeout)
        #expect(other.message.contains("did not reach rank 0 at 127.0.0.1:\(port)"), "\(other)")
    }

    @Test func refusals() throws {
        func code(_ rank: Int, _ size: Int, _ port: Int, _ timeout: Duration = .seconds(5)) -> ProcessGroupError.Code? {
            do {
                _ = try ProcessGroup(rank: rank, worldSize: size, address: "127.0.0.1", port: port, timeout: timeout)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(2, 2, 29_500) == .argument)
        #expect(code(-1, 2, 29_500) == .argument)
        #expect(code(0, 0, 29_500) == .argument)
        #expect(code(0, 2, 0) == .argument)
        #expect(code(0, 2, 65_536) == .argument)
        #expect(code(0, 2, 29_500, .zero) == .argument)
        let port = try freePort()
        let taken = try ProcessGroup(rank: 0, worldSize: 1, address: "127.0.0.1", port: port, timeout: .seconds(5))
        #expect(code(0, 1, port) == .failed)
        #expect(throws: ProcessGroupError.self) { try taken.broadcast([try Tensor.zeros([1])], from: 1) }
        // A wrong argument leaves the group usable.
        try taken.barrier()
    }
}
