import CutisCore
import CutisFormats
import CutisTensor
import Foundation
import Testing

/// Fixtures of the heads, and what their tests share.
enum HeadFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

    static func mil(_ name: String) -> URL { folder.appendingPathComponent("mil/\(name)") }
    static func keras(_ name: String) -> URL { folder.appendingPathComponent("keras/\(name).keras") }

    /// A tensor that the generator stored.
    static func reference(_ name: String, in set: String) throws -> Tensor {
        let archive = try SafetensorsArchive(folder.appendingPathComponent("\(set)/reference.safetensors"))
        let data = try archive.data(for: name)
        return try Tensor.mapped(
            data.baseAddress, shape: data.description.shape, dtype: .float32, owner: data.owner)
    }

    /// Whether the generator stored a tensor of this name.
    static func hasReference(_ name: String, in set: String) throws -> Bool {
        try SafetensorsArchive(folder.appendingPathComponent("\(set)/reference.safetensors")).tensors[name] != nil
    }

    /// The largest absolute difference; NaN and different sizes count as infinite.
    static func difference(_ a: Tensor, _ b: Tensor) throws -> Double {
        let (left, right) = (try a.doubles(), try b.doubles())
        guard left.count == right.count, !left.isEmpty else { return .infinity }
        return zip(left, right).map { x, y in
            let difference = abs(x - y)
            return difference.isNaN ? .infinity : difference
        }.max() ?? .infinity
    }

    /// Writes a safetensors file of float32 tensors into a folder that lives as long as the test's body.
    static func withWeights<R>(
        _ tensors: [String: (shape: [Int], values: [Float])], _ body: (SafetensorsArchive) throws -> R
    ) throws -> R {
        try withFolder { folder in
            let url = folder.appendingPathComponent("weights.safetensors")
            let entries = tensors.sorted { $0.key < $1.key }.map { name, tensor in
                SafetensorsEntry(
                    name: name, elementType: .float32, shape: tensor.shape,
                    bytes: tensor.values.withUnsafeBytes { Data($0) })
            }
            try SafetensorsWriter.write(entries, to: url)
            return try body(SafetensorsArchive(url))
        }
    }

    /// A temporary folder that is removed afterwards.
    static func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-heads-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// The error that a piece of code ends with.
    static func error(_ body: () throws -> Void) -> CutisError? {
        do {
            try body()
            return nil
        } catch {
            return error as? CutisError
        }
    }
}

/// A small reproducible random source (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
