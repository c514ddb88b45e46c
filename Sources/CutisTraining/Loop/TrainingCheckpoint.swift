import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation

/// Where a training is, besides its tensors: all that it takes to go on as if it had never stopped.
struct TrainingState: Codable, Equatable {
    /// The epoch that is going on, counted from 0.
    var epoch = 0
    /// Batches of that epoch that are done, on each rank.
    var position = 0
    /// Optimiser steps that are done.
    var step = 0
    /// Updates of the moving average.
    var averageUpdates = 0
    /// The best validation score so far and its epoch, counted from 1; nil before the first validation.
    var bestScore: Double?
    var bestEpoch: Int?
    /// Validations since the best one.
    var validationsWithoutBest = 0
    /// Loss and optimiser steps of the epoch that is going on.
    var lossSum = 0.0
    var lossCount = 0
    /// Seconds spent in the epoch that is going on.
    var seconds = 0.0
    /// The scale of float16 losses.
    var scaler: LossScaler?
    /// Whether the training came to its end.
    var isFinished = false
}

/// Weights, statistics, averages, optimiser state and `TrainingState` in one safetensors file that appears whole or not
/// at all.
struct TrainingCheckpoint {
    let url: URL
    /// Of the configuration: a checkpoint only goes on with what made it.
    let fingerprint: String

    /// Whether there is one.
    var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

    /// Writes everything under a temporary name and renames it.
    func write(_ tensors: [NamedTensor], _ state: TrainingState) throws {
        let metadata = ["state": try JSONText.of(state), "configuration": fingerprint]
        try SafetensorsWriter.write(
            tensors.map { try TensorFile.entry($0.tensor, name: $0.name) }, metadata: metadata, to: url)
    }

    /// Reads everything into existing tensors.
    ///
    /// - Throws: `.checkpointMismatch` where a tensor is missing or of another shape, or the configuration is another.
    func read(into tensors: [NamedTensor]) throws -> TrainingState {
        let archive = try SafetensorsArchive(url)
        let state = try state(of: archive)
        for entry in tensors {
            guard let description = archive.tensors[entry.name], description.shape == entry.tensor.shape,
                description.elementType == .float32
            else { throw mismatch("the tensor \(entry.name) is missing or of another shape") }
        }
        for entry in tensors {
            let value = try archive.data(for: entry.name).withUnsafeBytes { bytes in
                try Tensor(rawBytes: bytes, shape: entry.tensor.shape, dtype: .float32)
            }
            try withoutGrad { () throws(TensorError) in try entry.tensor.copyInPlace(from: value) }
        }
        return state
    }

    /// Reads where the training was, and no tensor.
    func state() throws -> TrainingState { try state(of: SafetensorsArchive(url)) }

    private func state(of archive: SafetensorsArchive) throws -> TrainingState {
        guard archive.metadata["configuration"] == fingerprint else {
            throw mismatch("it was made with another configuration")
        }
        guard let text = archive.metadata["state"],
            let state = try? JSONDecoder().decode(TrainingState.self, from: Data(text.utf8))
        else { throw mismatch("its counters are missing") }
        return state
    }

    /// Removes what a process that was killed in the middle of writing left beside the checkpoints.
    static func removeLeftovers(in folder: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(".") && name.hasSuffix(".tmp") {
            try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
    }

    private func mismatch(_ reason: String) -> CutisError {
        CutisError(
            .checkpointMismatch, "The training cannot go on from \(url.path): \(reason).",
            remedy: "Use the run's own config.yaml, or give the new run another name (name=…).")
    }
}

/// Tensors as entries of a safetensors file.
enum TensorFile {
    /// An entry with the tensor's bytes, in its own type or in fp16 or fp32; they are made when it is their turn.
    static func entry(_ tensor: Tensor, name: String, as type: DType? = nil) throws -> SafetensorsEntry {
        let stored = type ?? tensor.dtype
        guard stored == .float16 || stored == .float32 else {
            throw CutisError(
                .invalidArguments, "The tensor \(name) is neither fp16 nor fp32.", remedy: "Convert it first.")
        }
        return SafetensorsEntry(
            name: name, elementType: stored == .float16 ? .float16 : .float32, shape: tensor.shape
        ) { write in
            let bytes = try withoutGrad { try tensor.detach().to(.cpu).to(stored).contiguous().rawBytes() }
            try bytes.withUnsafeBytes { try write($0) }
        }
    }

    /// Writes weights in fp16 with their canonical names.
    static func writeHalf(_ tensors: [NamedTensor], metadata: [String: String], to url: URL) throws {
        try SafetensorsWriter.write(
            tensors.map { try entry($0.tensor, name: $0.name, as: .float16) }, metadata: metadata, to: url)
    }
}

/// JSON with sorted keys, so that equal values give equal text.
enum JSONText {
    static func of(_ value: some Encodable, pretty: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
