import CutisCore
import CutisService
import Foundation
import Testing

@Suite struct ImagePreparationTests {
    private let metrics = ServiceMetrics()

    @Test func onlySoManyAreDecodedAtOnceOnThreadsOfTheirOwn() async throws {
        // More than Swift's shared threads, of which there is one for each core.
        let threads = ProcessInfo.processInfo.activeProcessorCount + 2
        let preparation = ImagePreparation(limits: PreparationLimits(threads: threads), metrics: metrics)
        let occupancy = Occupancy()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await preparation.run(Data([1])) {
                        occupancy.enter()
                        // As a decoder, it keeps its thread, at most 5 s until all threads are taken.
                        for _ in 0..<5000 where occupancy.most < threads { usleep(1000) }
                        usleep(1000)
                        occupancy.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(occupancy.most == threads)
        #expect(preparation.load.running == 0 && preparation.load.waiting == 0)
    }

    @Test func onlySoMuchMemoryIsTakenAtOnce() async throws {
        // 12 megapixels each, 9 bytes a pixel: two fit into 250 MB.
        let photo = png(width: 4000, height: 3000)
        #expect(ImageMemory.estimate(photo) == 108_000_000 + photo.count)
        let preparation = ImagePreparation(
            limits: PreparationLimits(threads: 8, memoryBytes: 250_000_000), metrics: metrics)
        let occupancy = Occupancy()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await preparation.run(photo) {
                        occupancy.enter()
                        try await Task.sleep(for: .microseconds(100))
                        occupancy.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(occupancy.most == 2)
        // One that is greater than all memory goes alone, and is not left waiting for ever.
        try await preparation.run(png(width: 60_000, height: 60_000)) {}
    }

    @Test func tooManyWaitingAreRefusedAndACancelledOneLeaves() async throws {
        let preparation = ImagePreparation(
            limits: PreparationLimits(threads: 1, maximumWaiting: 2), metrics: metrics)
        let gate = Gate()
        let done = Shared<[Int]>([])
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<3 {
            tasks.append(
                Task {
                    try await preparation.run(Data([1])) {
                        await gate.pass()
                        done.change { $0.append(number) }
                    }
                })
            try await eventually("an image's waiting") {
                preparation.load.running + preparation.load.waiting == number + 1
            }
        }
        await #expect(throws: ServiceRefusal.self) { try await preparation.run(Data([1])) {} }
        tasks[1].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[1].value }
        #expect(preparation.load.running == 1 && preparation.load.waiting == 1)
        gate.open()
        try await tasks[0].value
        try await tasks[2].value
        #expect(done.value == [0, 2])
    }

    @Test func whatIsLateIsNotDecoded() async throws {
        let time = SteppedClock()
        let preparation = ImagePreparation(
            limits: PreparationLimits(threads: 1), metrics: metrics, clock: time.clock)
        let gate = Gate()
        let first = Task { try await preparation.run(Data([1])) { await gate.pass() } }
        try await eventually("the first image") { preparation.load.running == 1 }
        let deadline = time.now + .seconds(5)
        let late = Task { try await preparation.run(Data([1]), deadline: deadline) { Issue.record("decoded") } }
        try await eventually("the second image's waiting") { preparation.load.waiting == 1 }
        time.advance(by: .seconds(8))
        gate.open()
        try await first.value
        let refusal = await #expect(throws: ServiceRefusal.self) { try await late.value }
        #expect(refusal?.error.code == .deadlineExceeded)

        // An image took 8 s, so one that must wait for another has no chance within 5 s.
        let busy = Gate()
        let third = Task { try await preparation.run(Data([1])) { await busy.pass() } }
        try await eventually("the third image") { preparation.load.running == 1 }
        let hopeless = await #expect(throws: ServiceRefusal.self) {
            try await preparation.run(Data([1]), deadline: time.now + .seconds(5)) {}
        }
        #expect(hopeless?.error.code == .overloaded)
        busy.open()
        try await third.value
    }

    @Test func aFailureGivesItsPlaceBack() async throws {
        let preparation = ImagePreparation(limits: PreparationLimits(threads: 1), metrics: metrics)
        let error = CutisError(.imageCorrupt, "No image.", remedy: "Send another.")
        for _ in 0..<3 {
            await #expect(throws: error) { try await preparation.run(Data([1])) { throw error } }
        }
        #expect(preparation.load.running == 0 && preparation.load.waiting == 0)
    }

    @Test func theSizeIsReadFromHeadersAndLiesDoNoHarm() {
        let jpeg = Data([
            0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 0x00, 0x00, 0xFF, 0xC2, 0x00, 0x0B, 0x08, 0x0B, 0xB8, 0x0F, 0xA0, 0x03,
        ])
        #expect(ImageMemory.estimate(jpeg) == 4000 * 3000 * 9 + jpeg.count)
        // A slice keeps its own indices.
        #expect(ImageMemory.estimate((Data([0, 0]) + jpeg).dropFirst(2)) == 4000 * 3000 * 9 + jpeg.count)
        #expect(ImageMemory.estimate(png(width: Int(UInt32.max), height: Int(UInt32.max))) == .max)
        #expect(ImageMemory.estimate(Data()) == 1)
        #expect(ImageMemory.estimate(Data(repeating: 7, count: 1000)) == 40_000)
        for length in 0..<jpeg.count { #expect(ImageMemory.estimate(jpeg.prefix(length)) > 0) }
    }

    private func png(width: Int, height: Int) -> Data {
        var data = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52])
        for number in [width, height] { withUnsafeBytes(of: UInt32(number).bigEndian) { data.append(contentsOf: $0) } }
        return data
    }
}
