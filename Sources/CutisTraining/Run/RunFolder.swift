import CutisCore
public import Foundation

/// The folder of a run: `config.yaml`, `environment.json`, `metrics.csv`, `metrics.jsonl`, `checkpoints/`, `plots/`.
public struct RunFolder: Sendable {
    /// The folder itself.
    public let url: URL

    /// The resolved configuration.
    public var configuration: URL { url.appendingPathComponent("config.yaml") }
    /// The software and hardware of the last start.
    public var environment: URL { url.appendingPathComponent("environment.json") }
    /// One line per record, for spreadsheets.
    public var metricsTable: URL { url.appendingPathComponent("metrics.csv") }
    /// One line per record, for programs.
    public var metricsLines: URL { url.appendingPathComponent("metrics.jsonl") }
    /// The checkpoints.
    public var checkpoints: URL { url.appendingPathComponent("checkpoints") }
    /// The learning curves.
    public var plots: URL { url.appendingPathComponent("plots") }
    /// TensorBoard's event files, where they are asked for.
    public var tensorBoard: URL { url.appendingPathComponent("tensorboard") }

    /// Makes the folder of a run, or opens it to go on.
    ///
    /// - Parameters:
    ///   - configuration: of this start; it is written to `config.yaml`.
    ///   - resuming: goes on with the run, where the folder holds one.
    /// - Throws: `.outputUnwritable` where the folder holds a run and `resuming` is false; `.checkpointMismatch` where
    ///   it is resumed with a configuration of another fingerprint; `.noSpaceLeft`.
    public init(_ configuration: TrainingConfiguration, resuming: Bool = false) throws {
        url = configuration.runFolder
        let file = url.appendingPathComponent("config.yaml")
        if FileManager.default.fileExists(atPath: file.path) {
            let earlier = try? TrainingConfiguration(file: file).fingerprint
            let isSame = try earlier == configuration.fingerprint
            guard resuming else {
                throw CutisError(
                    .outputUnwritable,
                    "\(url.path) already holds a run of \(isSame ? "this" : "another") configuration.",
                    remedy: isSame
                        ? "Go on with it by --resume, or give the new run another name (name=…)."
                        : "Give the new run another name (name=…).")
            }
            guard isSame else {
                throw CutisError(
                    .checkpointMismatch,
                    "The run in \(url.path) cannot go on: its configuration differs from the one that was given in "
                        + "\(try differences(from: file, to: configuration)).",
                    remedy: "Resume with the run's own config.yaml, or give the new run another name (name=…).")
            }
        }
        do {
            for folder in [checkpoints, plots] {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            }
        } catch {
            throw CutisError(
                .outputUnwritable, "Cannot make the folder \(url.path).",
                remedy: "Check that the parent folder exists, that you may write to it and that the disk has room.")
        }
        // A run that goes on keeps the file of its start.
        if !FileManager.default.fileExists(atPath: file.path) {
            try AtomicOutput.file(self.configuration, Data(configuration.yaml.utf8))
        }
    }

    /// Opens the folder of a run to read it.
    public init(reading url: URL) { self.url = url }

    /// The keys whose values differ, at most five.
    private func differences(from file: URL, to configuration: TrainingConfiguration) throws -> String {
        guard let earlier = try? TrainingConfiguration(file: file) else { return "a config.yaml that cannot be read" }
        let keys = ConfigurationCoder.differences(
            try ConfigurationCoder.write(earlier, path: ""), try ConfigurationCoder.write(configuration, path: "")
        )
        .filter { !["name", "output", "loader.workers"].contains($0) }
        return keys.prefix(5).joined(separator: ", ") + (keys.count > 5 ? " and \(keys.count - 5) more" : "")
    }
}

extension ConfigurationCoder {
    /// The dotted keys at which two trees differ.
    static func differences(_ first: ConfigurationValue, _ second: ConfigurationValue, path: String = "") -> [String] {
        guard first != second else { return [] }
        guard case .section(let a) = first, case .section(let b) = second else { return [path] }
        var keys = a.map(\.key)
        keys += b.map(\.key).filter { !keys.contains($0) }
        return keys.flatMap { key in
            differences(first[key] ?? .null, second[key] ?? .null, path: path.isEmpty ? key : "\(path).\(key)")
        }
    }
}
