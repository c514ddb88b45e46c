import CutisCore
import CutisFormats
import Foundation

/// Reads a folder with one folder of images per class, as torchvision's `ImageFolder`, perhaps below `train`, `val`
/// and `test`.
struct ImageFolderReader {
    let folder: URL
    let options: DatasetReadOptions

    private static let maximumDepth = 16

    /// Whether a folder has this form: folders, and no images beside them.
    static func fits(_ folder: URL) -> Bool {
        let (folders, images) = children(of: folder.path)
        return !folders.isEmpty && images.isEmpty
    }

    func read() throws(CutisError) -> Dataset {
        let root = folder.standardizedFileURL.path
        let (folders, stray) = Self.children(of: root)
        guard !folders.isEmpty else {
            throw .unusable(
                folder.path, "it has no class folders",
                remedy: "Put the images of each class into a folder of its name.")
        }
        guard stray.isEmpty else {
            throw .unusable(
                folder.path, "the image \(quoted(stray[0])) lies beside the class folders",
                remedy: "Move it into the folder of its class, or out of the data set.")
        }
        var search = FolderSearch(root: root, limit: options.limits.maximumSamples)
        let splits = folders.map { SplitName(spelling: $0) }
        var entries: [(path: String, label: String, split: SplitName?)] = []
        var names: [String] = []
        do throws(RowFault) {
            if splits.allSatisfy({ $0 != nil }) {
                for (part, split) in zip(folders, splits) {
                    let (classes, stray) = Self.children(of: root + "/" + part)
                    guard stray.isEmpty else {
                        throw RowFault("\(quoted(part + "/" + stray[0])) is in no class folder")
                    }
                    names += classes
                    for name in classes {
                        entries += try search.images(in: part + "/" + name).map { ($0, name, split) }
                    }
                }
            } else {
                names = folders
                for name in folders { entries += try search.images(in: name).map { ($0, name, nil) } }
            }
            return try dataset(entries, classes: names)
        } catch {
            throw .unusable(folder.path, error.reason, remedy: "Correct the folder and try again.")
        }
    }

    private func dataset(
        _ entries: [(path: String, label: String, split: SplitName?)], classes: [String]
    ) throws(RowFault) -> Dataset {
        var collector = SampleCollector(options)
        // Also classes whose folder is empty are classes.
        for name in Set(classes).sorted() { _ = try collector.labels.index(of: name) }
        let root = folder.standardizedFileURL.path + "/"
        for entry in entries {
            let url = URL(fileURLWithPath: root + entry.path, isDirectory: false)
            let label = try collector.labels.index(of: entry.label)
            try collector.append(
                DatasetSample(id: entry.path, images: [.file(url)], labels: [label], split: entry.split))
        }
        return collector.finish(source: folder)
    }

    /// The folders and the images directly in a folder, sorted by their bytes; hidden ones are left out.
    static func children(of path: String) -> (folders: [String], images: [String]) {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let images = names.filter(ImageLocator.isImageName)
        let folders = names.filter { name in
            guard !ImageLocator.isImageName(name) else { return false }
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
                && isFolder.boolValue
        }
        return (folders, images)
    }

    /// Lists images below a folder; each folder once, however many links lead to it.
    private struct FolderSearch {
        let root: String
        let limit: Int
        private var visited: Set<[UInt64]> = []
        private var count = 0

        init(root: String, limit: Int) {
            self.root = root
            self.limit = limit
        }

        mutating func images(in folder: String, depth: Int = 0) throws(RowFault) -> [String] {
            guard depth <= ImageFolderReader.maximumDepth else { throw RowFault("\(quoted(folder)) lies too deep") }
            var status = stat()
            guard stat(root + "/" + folder, &status) == 0,
                visited.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted
            else { return [] }
            let (folders, images) = ImageFolderReader.children(of: root + "/" + folder)
            count += images.count
            guard count <= limit else { throw RowFault("there are more than \(limit) images") }
            var found = images.map { folder + "/" + $0 }
            for name in folders { found += try self.images(in: folder + "/" + name, depth: depth + 1) }
            return found
        }
    }
}
