/// Which files of a repository are pulled.
public enum FileSelection: Sendable, Hashable {
    /// Every file.
    case all
    /// What Cutis reads of a model: configurations, label and tokenizer files, weights, the model card and the licence;
    /// safetensors instead of the same weights in another format.
    case modelFiles
    /// The files that match at least one shell-style pattern (Python's `fnmatch`: `*` matches slashes too).
    case matching([String])

    /// The chosen ones of a repository's files, in their order.
    ///
    /// - Parameter paths: paths relative to the repository, with forward slashes.
    public func choose(from paths: [String]) -> [String] {
        switch self {
        case .all: return paths
        case .modelFiles: return ModelFiles.choose(from: paths)
        case .matching(let patterns):
            let globs = patterns.map(GlobPattern.init)
            return paths.filter { path in globs.contains { $0.matches(path) } }
        }
    }

    /// The file names in the selection that hold no wildcard: the files that must be there.
    var literalPaths: [String] {
        guard case .matching(let patterns) = self else { return [] }
        return patterns.filter { GlobPattern($0).isLiteral }
    }

    /// Whether the selection alone names every file.
    var isLiteral: Bool {
        guard case .matching(let patterns) = self else { return false }
        return !patterns.isEmpty && literalPaths.count == patterns.count
    }
}

/// The rules of `FileSelection.modelFiles`.
private enum ModelFiles {
    private static let configurations: Set = ["json", "jsonl", "txt", "model", "yaml", "yml", "csv", "npz"]
    private static let otherWeights: Set = ["bin", "pt", "pth", "ckpt"]
    private static let kerasWeights: Set = ["keras", "h5"]
    private static let trainingState: Set = [
        "optimizer", "scheduler", "scaler", "training_args", "trainer_state", "rng_state",
    ]

    static func choose(from paths: [String]) -> [String] {
        let safe = Set(paths.filter { fileExtension($0) == "safetensors" }.map(weightsKey))
        let hasTorch = paths.contains { fileExtension($0) == "safetensors" || otherWeights.contains(fileExtension($0)) }
        return paths.filter { path in
            let name = path.split(separator: "/").last.map(String.init) ?? path
            guard !path.hasPrefix("."), !path.contains("/."), !isTrainingState(name) else { return false }
            switch fileExtension(path) {
            case "safetensors": return true
            case let ending where otherWeights.contains(ending): return !safe.contains(weightsKey(path))
            case let ending where kerasWeights.contains(ending): return !(name == "tf_model.h5" && hasTorch)
            case "json" where name.hasSuffix(".bin.index.json"): return !safe.contains(weightsKey(path))
            case let ending where configurations.contains(ending): return true
            case "md": return name.lowercased() == "readme.md" || isLicence(name)
            default: return isLicence(name)
            }
        }
    }

    /// What two files have in common that hold the same weights in two formats: the folder and the name without
    /// shard number and extension, where `pytorch_model` counts as `model`.
    private static func weightsKey(_ path: String) -> String {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        var name = path[slash...]
        if name.hasSuffix(".index.json") { name = name.dropLast(".index.json".count) }
        if let dot = name.lastIndex(of: ".") { name = name[..<dot] }
        if let shard = name.firstMatch(of: /-\d{5}-of-\d{5}$/) { name = name[..<shard.range.lowerBound] }
        return String(path[..<slash]) + name.replacing("pytorch_model", with: "model")
    }

    private static func isTrainingState(_ name: String) -> Bool {
        trainingState.contains { name.hasPrefix($0 + ".") || name.hasPrefix($0 + "_") }
    }

    private static func isLicence(_ name: String) -> Bool {
        let stem = name.split(separator: ".").first.map { $0.lowercased() } ?? ""
        return ["license", "licence", "notice", "copying"].contains(stem)
    }

    private static func fileExtension(_ path: String) -> String {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return "" }
        return path[path.index(after: dot)...].lowercased()
    }
}
