public import ArgumentParser
import CutisCore
public import CutisDatasets
import Foundation

extension DatasetKind: ExpressibleByArgument {}

/// The options of every command that reads a data set.
struct DatasetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "image-folder, csv, isic, ham10000, cases, pairs or medmnist; recognised unless told.", valueName: "form"))
    var kind: DatasetKind?

    @Option(help: ArgumentHelp("The folder that image names are relative to; the table's unless told."))
    var images: String?

    @Option(help: ArgumentHelp("A second table with facts about the images.", valueName: "table"))
    var metadata: String?

    @Option(help: ArgumentHelp("The column with the label; the first that is known unless told.", valueName: "name"))
    var labelColumn: String?

    /// Reads the data set of an argument.
    ///
    /// - Parameter labels: the only classes that there may be; nil takes those that occur.
    func read(_ path: String, labels: LabelSet? = nil, keepsRepeats: Bool = false) throws -> Dataset {
        try DatasetReader.read(
            URL(fileURLWithPath: path),
            options: DatasetReadOptions(
                kind: kind, images: images.map { URL(fileURLWithPath: $0) },
                metadata: metadata.map { URL(fileURLWithPath: $0) }, labelColumn: labelColumn, labels: labels,
                keepsRepeats: keepsRepeats))
    }

    /// The folder that paths of a data set are relative to.
    func root(of path: String) -> URL {
        if let images { return URL(fileURLWithPath: images) }
        let url = URL(fileURLWithPath: path)
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        return exists && isFolder.boolValue ? url : url.deletingLastPathComponent()
    }
}

/// How a command of `cutis data` answers.
enum DataFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
