public import CutisCore
public import Foundation

/// Finds the images in a folder.
public enum ImageFinder {
    /// How deep folders within folders are searched.
    static let maximumDepth = 64

    /// Lists the images in a folder and in the folders within it, sorted by path.
    ///
    /// A file is an image when its first bytes say so, whatever its name. Hidden files and folders (whose names start
    /// with a dot) are skipped. Symbolic links are followed; a folder that was already visited is not visited again.
    /// Files that cannot be read are skipped here: they are no image of this list.
    ///
    /// - Parameters:
    ///   - folder: the folder; a regular file gives just itself, unexamined.
    ///   - maximumCount: how many images may be found.
    /// - Throws: `CutisError` with `.fileNotFound`, `.fileUnreadable`, `.folderWithoutImages` or `.tooManyImages`.
    public static func images(in folder: URL, maximumCount: Int = 1_000_000) throws(CutisError) -> [URL] {
        var status = stat()
        guard stat(folder.path, &status) == 0 else {
            throw CutisError(.fileNotFound, "\(folder.path) does not exist.", remedy: "Check the path.")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [folder] }
        var search = Search(maximumCount: maximumCount, root: FileIdentity(status))
        guard try search.visit(folder.path, depth: 0) else {
            throw CutisError(
                .fileUnreadable, "The folder \(folder.path) cannot be read.",
                remedy: "Check that you may read it.")
        }
        guard !search.found.isEmpty else {
            throw CutisError(
                .folderWithoutImages,
                "\(folder.path) holds no image that Cutis reads (\(search.examined) files examined).",
                remedy: "Give a folder with JPEG, PNG, WebP, TIFF, BMP, GIF or HEIC images.")
        }
        return search.found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { URL(fileURLWithPath: $0) }
    }
}

private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

private struct Search {
    let maximumCount: Int
    var found: [String] = []
    var examined = 0
    private var visited: Set<FileIdentity>

    init(maximumCount: Int, root: FileIdentity) {
        self.maximumCount = maximumCount
        visited = [root]
    }

    /// Returns false when the folder cannot be read.
    mutating func visit(_ folder: String, depth: Int) throws(CutisError) -> Bool {
        guard depth <= ImageFinder.maximumDepth,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return false }
        // Sorted, so that a folder with two names is always found under the same one.
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                if visited.insert(FileIdentity(status)).inserted {
                    _ = try visit(path, depth: depth + 1)
                }
            case S_IFREG:
                try examine(path)
            default:
                continue
            }
        }
        return true
    }

    private mutating func examine(_ path: String) throws(CutisError) {
        examined += 1
        guard let start = ImageFile.start(of: path, length: ImageFormat.sniffLength), ImageFormat.sniff(start) != nil
        else { return }
        guard found.count < maximumCount else {
            throw CutisError(
                .tooManyImages, "There are more than \(maximumCount) images under this folder.",
                remedy: "Analyse its folders one by one.")
        }
        found.append(path)
    }
}
