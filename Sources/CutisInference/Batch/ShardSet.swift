public import CutisCore
public import Foundation

/// The parts of one batch job, all there, each once, in their order.
public struct ShardSet: Sendable {
    /// One part.
    public struct Part: Sendable {
        /// Its output.
        public let output: URL
        /// What it says of itself.
        public let record: ShardRecord
    }

    /// The parts by index.
    public let parts: [Part]

    /// Answers in all parts.
    public var rows: Int { parts.reduce(0) { $0 + $1.record.rows } }
    /// Images that were refused in all parts.
    public var refused: Int { parts.reduce(0) { $0 + $1.record.refused } }

    /// Reads the records beside the outputs and compares them.
    ///
    /// - Throws: `CutisError` with `.dataInvalid` that names the outputs: a part that is missing or there twice, parts
    ///   of another command, model, input list or other settings, an output that was changed after it was written;
    ///   what reading throws.
    public init(_ outputs: [URL]) throws(CutisError) {
        var found: [Int: Part] = [:]
        var first: Part?
        for output in outputs {
            let part = Part(output: output, record: try ShardRecord(beside: output))
            let other = first ?? part
            first = other
            if let difference = Self.difference(other.record, part.record) {
                throw CutisError(
                    .dataInvalid,
                    "\(output.path) is not of the same job as \(other.output.path): \(difference) differs.",
                    remedy: "Give the parts of one run: same command, options, model and images.")
            }
            if let twin = found.updateValue(part, forKey: part.record.index) {
                throw CutisError(
                    .dataInvalid,
                    "Part \(part.record.index)/\(part.record.count) is there twice: \(twin.output.path) and "
                        + "\(output.path).",
                    remedy: "Give each part once.")
            }
        }
        guard let count = first?.record.count else {
            throw CutisError(.invalidArguments, "No part was given.", remedy: "Give the outputs of all parts.")
        }
        let missing = (0..<count).filter { found[$0] == nil }
        guard missing.isEmpty else {
            let shown = missing.prefix(10).map { "\($0)/\(count)" }.joined(separator: ", ")
            throw CutisError(
                .dataInvalid,
                "\(missing.count) of \(count) parts are missing: \(shown)\(missing.count > 10 ? ", …" : "").",
                remedy: "Run the missing parts with the same arguments and --shard, then merge again.")
        }
        parts = (0..<count).compactMap { found[$0] }
        for part in parts where try FileDigest.sha256(of: part.output).sha256 != part.record.outputSHA256 {
            throw CutisError(
                .dataInvalid, "\(part.output.path) is not what its record describes: it was changed or cut short.",
                remedy: "Run part \(part.record.index)/\(count) again.")
        }
    }

    private static func difference(_ one: ShardRecord, _ other: ShardRecord) -> String? {
        if one.command != other.command { return "the command" }
        if one.count != other.count { return "the number of parts" }
        if one.inputs != other.inputs || one.inputsSHA256 != other.inputsSHA256 { return "the list of images" }
        if one.model != other.model || one.modelSHA256 != other.modelSHA256 { return "the model" }
        if one.settings != other.settings { return "an option" }
        return nil
    }
}
