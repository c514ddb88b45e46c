public import CutisCore
import CutisFormats
public import Foundation

/// Reads data sets of every form that `DatasetKind` lists.
public enum DatasetReader {
    /// Reads a data set.
    ///
    /// Images need not exist: `DatasetCheck` finds those that are missing, and a table can be split without them.
    ///
    /// - Parameter source: a folder, a table (`.csv`), JSON lines (`.jsonl`) or an archive (`.npz`).
    /// - Throws: `.dataInvalid` with the table's line for anything that cannot be used: a label outside of
    ///   `options.labels`, an image named twice, a path outside of the folder, an impossible age, split or skin type,
    ///   and for data whose form is not recognised; `.fileNotFound`, `.fileEmpty`.
    public static func read(
        _ source: URL, options: DatasetReadOptions = DatasetReadOptions()
    ) throws(CutisError) -> Dataset {
        let found = try find(source, kind: options.kind)
        let dataset = try read(found, source: source, options: options)
        guard !dataset.samples.isEmpty else {
            throw .unusable(source.path, "it has no images", remedy: "Give a data set with at least one image.")
        }
        return dataset
    }

    /// The form of a data set, without reading all of it where that is possible.
    ///
    /// - Throws: as `read`.
    public static func kind(of source: URL) throws(CutisError) -> DatasetKind {
        try find(source, kind: nil).kind
    }

    private struct Found {
        var kind: DatasetKind
        var file: URL
        var table: CSVTable?
    }

    private static func read(
        _ found: Found, source: URL, options: DatasetReadOptions
    ) throws(CutisError) -> Dataset {
        let folder = found.file.deletingLastPathComponent()
        switch (found.kind, found.table) {
        case (.imageFolder, _): return try ImageFolderReader(folder: found.file, options: options).read()
        case (.medMNIST, _): return try MedMNISTReader(url: found.file, options: options).read()
        case (.oneHot, let table?):
            return try OneHotReader(table: table, folder: folder, options: options).read(source: source)
        case (.cases, let table?):
            return try CaseReader(table: table, folder: folder, options: options).read(source: source)
        case (.ham10000, let table?):
            var options = options
            options.labels = options.labels ?? .ham10000
            return try TableReader(table: table, folder: folder, options: options, kind: .ham10000).read(source: source)
        case (let kind, let table?):
            return try TableReader(table: table, folder: folder, options: options, kind: kind).read(source: source)
        case (_, nil): return try PairLinesReader(url: found.file, options: options).read()
        }
    }

    private static func find(_ source: URL, kind: DatasetKind?) throws(CutisError) -> Found {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source.path, isDirectory: &isFolder) else {
            throw CutisError(.fileNotFound, "There is no data set at \(source.path).", remedy: "Check the path.")
        }
        if isFolder.boolValue {
            if kind == .imageFolder { return Found(kind: .imageFolder, file: source) }
            if let file = describingFile(in: source) { return try find(file, kind: kind) }
            if kind == nil, ImageFolderReader.fits(source) { return Found(kind: .imageFolder, file: source) }
            throw .unusable(
                source.path, "its form is not recognised: it has no table and no class folders",
                remedy: "Give the table, the JSON lines or the archive itself, or folders named by class.")
        }
        switch source.pathExtension.lowercased() {
        case "npz" where kind == nil || kind == .medMNIST: return Found(kind: .medMNIST, file: source)
        case "jsonl" where kind == nil || kind == .pairs: return Found(kind: .pairs, file: source)
        case "npz", "jsonl":
            throw CutisError(
                .invalidArguments, "\(source.path) cannot be read as \(kind?.rawValue ?? "a table").",
                remedy: "Leave `--kind` out, or name another file.")
        default:
            guard kind != .medMNIST, kind != .imageFolder else {
                throw CutisError(
                    .invalidArguments, "\(source.path) cannot be read as \(kind?.rawValue ?? "").",
                    remedy: "Leave `--kind` out, or name a folder or a .npz archive.")
            }
            let table = try CSVTable(source)
            if let kind { return Found(kind: kind, file: source, table: table) }
            return Found(kind: try recognise(table), file: source, table: table)
        }
    }

    /// The file that describes a folder's images: a table under a known name, or the only one that there is.
    private static func describingFile(in folder: URL) -> URL? {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        let known = ["labels.csv", "dataset.csv", "scin_cases.csv", "cases.csv", "HAM10000_metadata.csv"]
        if let name = known.first(where: names.contains) { return folder.appendingPathComponent(name) }
        let truths = names.filter { $0.lowercased().hasSuffix("groundtruth.csv") }
        if truths.count == 1 { return folder.appendingPathComponent(truths[0]) }
        let files = names.filter { name in
            !name.hasPrefix(".") && [".csv", ".jsonl", ".npz"].contains { name.lowercased().hasSuffix($0) }
        }
        return files.count == 1 ? folder.appendingPathComponent(files[0]) : nil
    }

    private static func recognise(_ table: CSVTable) throws(CutisError) -> DatasetKind {
        let columns = table.columns
        func has(_ names: [String]) -> Bool { FactColumns.position(of: names, in: columns) != nil }
        if CaseReader.fits(columns), has(["case_id", "case"]) { return .cases }
        if has(["dx"]), has(["lesion_id"]), has(["image", "image_id"]) { return .ham10000 }
        if OneHotReader.fits(table) { return .oneHot }
        if has(FactColumns.image), has(FactColumns.label) { return .table }
        if has(FactColumns.image), has(FactColumns.text) { return .pairs }
        throw CutisError(
            .dataInvalid,
            "The form of \(table.path) is not recognised (its columns are "
                + "\(columns.prefix(40).joined(separator: ", "))).",
            remedy: "Name columns as docs/datasets.md lists them, or name the form with `--kind`.")
    }
}
