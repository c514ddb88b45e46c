public import CutisCore
import Foundation

/// What was measured at the end of an epoch.
public struct MetricRecord: Sendable, Hashable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// Optimiser steps so far.
    public var step: Int
    /// Figures by their names; not finite ones are kept as absent.
    public var values: [String: Double]

    /// Joins the parts.
    public init(epoch: Int, step: Int, values: [String: Double]) {
        self.epoch = epoch
        self.step = step
        self.values = values
    }
}

/// Writes `metrics.csv` and `metrics.jsonl` record by record, so that a kill at any moment loses one record at most.
///
/// `metrics.jsonl` is what counts: on resuming, both files are made anew from its whole lines.
public final class MetricsLog {
    /// The names of the figures, in the order of the table's columns.
    public let columns: [String]
    /// All records so far.
    public private(set) var records: [MetricRecord]
    private let table: FileHandle
    private let lines: FileHandle
    private let folder: RunFolder

    /// The largest file that is read back, in bytes.
    private static let maximumBytes = 1 << 28

    /// Starts the files, or goes on with them.
    ///
    /// - Parameters:
    ///   - columns: the names of the figures.
    ///   - epochs: how many epochs the checkpoint has that the run goes on from; later records, which will come again,
    ///     are dropped, and so is a last line that was not written to its end. 0 starts anew.
    /// - Throws: `.dataInvalid` with the line where an earlier one cannot be read; `.outputUnwritable`,
    ///   `.noSpaceLeft`.
    public init(_ folder: RunFolder, columns: [String], resumingAfter epochs: Int = 0) throws {
        self.folder = folder
        self.columns = columns
        records = try Self.read(folder).filter { $0.epoch <= epochs }
        let kept = records
        try AtomicOutput.file(
            folder.metricsLines, Data(kept.map { Self.line($0, columns) }.joined().utf8))
        try AtomicOutput.file(
            folder.metricsTable,
            Data((Self.header(columns) + kept.map { Self.row($0, columns) }.joined()).utf8))
        (lines, table) = (try Self.appending(folder.metricsLines), try Self.appending(folder.metricsTable))
    }

    deinit {
        try? lines.close()
        try? table.close()
    }

    /// Writes a record to both files and waits until the disk has it.
    ///
    /// - Throws: `.noSpaceLeft`, `.outputUnwritable`.
    public func append(_ record: MetricRecord) throws(CutisError) {
        for (handle, text) in [(lines, Self.line(record, columns)), (table, Self.row(record, columns))] {
            do {
                try handle.write(contentsOf: Data(text.utf8))
                try handle.synchronize()
            } catch {
                throw CutisError(
                    .noSpaceLeft, "Cannot write to the metrics in \(folder.url.path).",
                    remedy: "Free disk space and resume the run; the checkpoints are whole.")
            }
        }
        records.append(record)
    }

    /// The records of a run; a last line that was not written to its end is left out.
    ///
    /// - Throws: `.dataInvalid` with the line.
    public static func read(_ folder: RunFolder) throws(CutisError) -> [MetricRecord] {
        guard let handle = try? FileHandle(forReadingFrom: folder.metricsLines) else { return [] }
        defer { try? handle.close() }
        let data = (try? handle.read(upToCount: maximumBytes)) ?? Data()
        var records: [MetricRecord] = []
        let parts = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        // What follows the last line break is empty, or a line that was cut off.
        for (index, part) in parts.dropLast().enumerated() {
            if let record = record(part) {
                records.append(record)
            } else if index != parts.count - 2 {
                throw CutisError(
                    .dataInvalid, "Line \(index + 1) of \(folder.metricsLines.path) is no record of metrics.",
                    remedy: "Remove that line, or give the run another name.")
            }
        }
        return records
    }

    private static func record(_ line: Data) -> MetricRecord? {
        guard let fields = try? JSONDecoder().decode([String: Double?].self, from: line),
            let epoch = fields["epoch"].flatMap({ $0 }).flatMap(Int.init(exactly:)),
            let step = fields["step"].flatMap({ $0 }).flatMap(Int.init(exactly:))
        else { return nil }
        var values = fields.compactMapValues { $0 }
        values["epoch"] = nil
        values["step"] = nil
        return MetricRecord(epoch: epoch, step: step, values: values)
    }

    private static func appending(_ url: URL) throws(CutisError) -> FileHandle {
        do {
            let handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
            return handle
        } catch {
            throw CutisError(
                .outputUnwritable, "Cannot write to \(url.path).", remedy: "Check that you may write to it.")
        }
    }

    private static func number(_ record: MetricRecord, _ column: String) -> String? {
        record.values[column].flatMap { $0.isFinite ? "\($0)" : nil }
    }

    private static func line(_ record: MetricRecord, _ columns: [String]) -> String {
        let fields = columns.map { "\(ConfigurationYAML.json(.text($0))):\(number(record, $0) ?? "null")" }
        return "{" + (["\"epoch\":\(record.epoch)", "\"step\":\(record.step)"] + fields).joined(separator: ",") + "}\n"
    }

    private static func header(_ columns: [String]) -> String {
        (["epoch", "step"] + columns.map(quoted)).joined(separator: ",") + "\n"
    }

    private static func row(_ record: MetricRecord, _ columns: [String]) -> String {
        (["\(record.epoch)", "\(record.step)"] + columns.map { number(record, $0) ?? "" }).joined(separator: ",") + "\n"
    }

    private static func quoted(_ name: String) -> String {
        name.contains { "\",\n\r".contains($0) } ? "\"\(name.replacing("\"", with: "\"\""))\"" : name
    }
}
