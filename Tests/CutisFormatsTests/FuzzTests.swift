import CutisCore
import CutisFormats
import Foundation
import Testing

/// Damaged files must give an error that names the file: no crash, no hang, no memory that the file does not justify.
///
/// `CUTIS_FUZZ_ITERATIONS` sets how many inputs there are over all parsers (default 5,000), `CUTIS_FUZZ_SEED` the seed.
/// Run it alone then (`swift test --filter FuzzTests`): it also checks the memory of the process.
/// Input i of a parser depends on the seed and i alone. With `CUTIS_FUZZ_TRACE=FILE`, the last input is in that file
/// after a crash.
@Suite(.serialized) struct FuzzTests {
    /// What one parser is fed: valid files, and how a mutated part becomes a whole file again.
    struct Target: Sendable, CustomTestStringConvertible {
        let name: String
        let seeds: [String]
        var testDescription: String { name }
    }

    static let targets = [
        Target(name: "safetensors", seeds: ["types.safetensors", "odd-types.safetensors", "misaligned.safetensors"]),
        Target(name: "index", seeds: ["sharded/model.safetensors.index.json"]),
        Target(name: "pytorch", seeds: ["types.pt", "views.pt", "training.pt", "protocol4.pt", "mil.pt"]),
        Target(name: "pickle", seeds: ["types.pt", "views.pt", "training.pt", "protocol4.pt", "parameters.pt"]),
        Target(name: "keras", seeds: ["sequential.keras", "deflated.keras"]),
        Target(name: "hdf5", seeds: ["sequential.weights.h5", "types.h5", "mil.weights.h5", "bfloat16.weights.h5"]),
        Target(name: "npy", seeds: ["float32.npy", "fortran3.npy", "big-fortran.npy", "version3.npy"]),
        Target(name: "npz", seeds: ["arrays.npz", "compressed.npz"]),
    ]

    @Test(arguments: targets) func mutatedFilesGiveErrors(_ target: Target) throws {
        let environment = ProcessInfo.processInfo.environment
        let total = environment["CUTIS_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 5_000
        let seed = environment["CUTIS_FUZZ_SEED"].flatMap(UInt64.init) ?? 1
        let trace = environment["CUTIS_FUZZ_TRACE"]
        let files = try target.seeds.map { try FormatFixtures.bytes($0) }
        var slowest = 0.0
        var accepted = 0
        for iteration in 0..<(total + Self.targets.count - 1) / Self.targets.count {
            let index = iteration % files.count
            let input = mutated(target, files, index, seed: seed &* 1_000_003 &+ UInt64(iteration))
            if let trace { try Data(input).write(to: URL(fileURLWithPath: trace)) }
            let time = try processorSeconds {
                accepted += try reads(input, FormatFixtures.url(target.seeds[index])) ? 1 : 0
            }
            slowest = max(slowest, time)
        }
        #expect(slowest < 5, "the slowest input of \(target.name) took \(slowest) s")
        if environment["CUTIS_FUZZ_ITERATIONS"] != nil {
            print("fuzz \(target.name): \(accepted) inputs were still readable, the slowest took \(slowest) s")
            // Only where the fuzz runs alone: other tests of the same process need memory of their own.
            #expect(try Self.peakMemory() < 1 << 30, "memory grew beyond what the files justify")
        }
    }

    @Test(arguments: [
        "misaligned.safetensors", "types.safetensors", "types.pt", "views.pt", "compressed.npz", "fortran3.npy",
        "float16.weights.h5", "sharded/model.safetensors.index.json", "deflated.keras",
    ])
    func everyTruncationGivesAnError(_ name: String) throws {
        let file = try FormatFixtures.bytes(name)
        for length in 0..<file.count {
            let isReadable = try reads(Array(file[..<length]), FormatFixtures.url(name))
            #expect(!isReadable, "\(name) cut to \(length) of \(file.count) bytes was accepted")
        }
    }

    /// Opens a file and reads every tensor.
    ///
    /// - Returns: whether all went well. Any error but a `CutisError` that names the file fails the test.
    private func reads(_ input: [UInt8], _ url: URL) throws -> Bool {
        do {
            let archive = try TensorArchives.open(try ByteRegion(input), at: url)
            for name in archive.tensors.keys { try touch(try archive.data(for: name)) }
            return true
        } catch let error as CutisError {
            let codes: Set<ErrorCode> = [
                .checkpointCorrupt, .checkpointUnsupported, .checkpointUnsafe, .fileEmpty, .fileNotFound,
            ]
            if !codes.contains(error.code) || !error.message.contains(url.deletingLastPathComponent().path) {
                Issue.record("unexpected error: \(error)")
            }
            return false
        }
    }

    /// Reads all bytes, so that a view beyond the file would be caught.
    private func touch(_ data: TensorData) throws {
        let sum = data.withUnsafeBytes { $0.reduce(0) { $0 &+ Int($1) } }
        #expect(sum >= 0 && data.bytes.count == data.description.byteCount)
    }

    private func mutated(_ target: Target, _ files: [[UInt8]], _ index: Int, seed: UInt64) -> [UInt8] {
        var mutator = Mutator(seed: seed)
        guard target.name == "pickle" else {
            return mutator.mutate(files[index], donor: files[(index + 1) % files.count])
        }
        let donor = MiniZip.entries(of: files[(index + 1) % files.count]).first { $0.name.hasSuffix("/data.pkl") }
        let entries = MiniZip.entries(of: files[index]).map { entry in
            guard entry.name.hasSuffix("/data.pkl") else { return entry }
            return (entry.name, mutator.mutate(entry.data, donor: donor?.data ?? []))
        }
        return MiniZip.archive(entries)
    }

    /// The most memory that this process has had, in bytes.
    private static func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
    }
}
