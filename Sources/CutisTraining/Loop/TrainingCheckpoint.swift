import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation

/// What a training needs to go on after an interrupt: weights, statistics, averages, moments and counters, in one
/// safetensors file that appears whole or not at all.
struct TrainingCheckpoint {
    /// Epochs that are done.
    var epoch: Int
    /// Optimiser steps that are done.
    var step: Int
    /// Updates of the moving average.
    var averageUpdates: Int
    /// The best validation score so far and its epoch.
    var bestScore: Double
    var bestEpoch: Int
    /// The configuration as JSON: a checkpoint only goes on with the very configuration that made it.
    var configuration: String

    /// Writes the tensors and counters.
    func write(_ tensors: [Weight], to url: URL) throws {
        let metadata = [
            "epoch": "\(epoch)", "step": "\(step)", "average_updates": "\(averageUpdates)",
            "best_score": "\(bestScore)", "best_epoch": "\(bestEpoch)", "configuration": configuration,
        ]
        try SafetensorsWriter.write(
            tensors.map { try TensorFile.entry($0.tensor, name: $0.name) }, metadata: metadata, to: url)
    }

    /// Reads a checkpoint into existing tensors.
    ///
    /// - Throws: `.checkpointMismatch` where a tensor is missing or of another shape, or the configuration is another.
    init(_ url: URL, into tensors: [Weight], configuration: String) throws {
        let archive = try SafetensorsArchive(url)
        let metadata = archive.metadata
        guard metadata["configuration"] == configuration else {
            throw Self.mismatch(url, "it was made with another configuration")
        }
        func number<Value: LosslessStringConvertible>(_ key: String, _ type: Value.Type) throws -> Value {
            guard let value = metadata[key].flatMap(type.init) else { throw Self.mismatch(url, "'\(key)' is missing") }
            return value
        }
        epoch = try number("epoch", Int.self)
        step = try number("step", Int.self)
        averageUpdates = try number("average_updates", Int.self)
        bestScore = try number("best_score", Double.self)
        bestEpoch = try number("best_epoch", Int.self)
        self.configuration = configuration
        for entry in tensors {
            guard let description = archive.tensors[entry.name], description.shape == entry.tensor.shape,
                description.elementType == .float32
            else { throw Self.mismatch(url, "the tensor \(entry.name) is missing or of another shape") }
        }
        for entry in tensors {
            let value = try archive.data(for: entry.name).withUnsafeBytes { bytes in
                try Tensor(rawBytes: bytes, shape: entry.tensor.shape, dtype: .float32)
            }
            try withoutGrad { () throws(TensorError) in try entry.tensor.copyInPlace(from: value) }
        }
    }

    /// Joins counters.
    init(
        epoch: Int, step: Int, averageUpdates: Int, bestScore: Double, bestEpoch: Int, configuration: String
    ) {
        self.epoch = epoch
        self.step = step
        self.averageUpdates = averageUpdates
        self.bestScore = bestScore
        self.bestEpoch = bestEpoch
        self.configuration = configuration
    }

    private static func mismatch(_ url: URL, _ reason: String) -> CutisError {
        CutisError(
            .checkpointMismatch, "The training cannot go on from \(url.path): \(reason).",
            remedy: "Use the configuration that it was made with, or start in another folder.")
    }
}

/// Tensors as entries of a safetensors file.
enum TensorFile {
    /// An entry with the tensor's bytes, in its own type or in fp16 or fp32.
    static func entry(_ tensor: Tensor, name: String, as type: DType? = nil) throws -> SafetensorsEntry {
        let stored = try withoutGrad { () throws(TensorError) in
            try tensor.detach().to(type ?? tensor.dtype).contiguous()
        }
        let elementType: ElementType = stored.dtype == .float16 ? .float16 : .float32
        guard stored.dtype == .float16 || stored.dtype == .float32 else {
            throw CutisError(
                .invalidArguments, "The tensor \(name) is neither fp16 nor fp32.", remedy: "Convert it first.")
        }
        return SafetensorsEntry(
            name: name, elementType: elementType, shape: stored.shape, bytes: Data(try stored.rawBytes()))
    }

    /// Writes weights in fp16 with their canonical names.
    static func writeHalf(_ tensors: [Weight], metadata: [String: String], to url: URL) throws {
        try SafetensorsWriter.write(
            tensors.map { try entry($0.tensor, name: $0.name, as: .float16) }, metadata: metadata, to: url)
    }
}
