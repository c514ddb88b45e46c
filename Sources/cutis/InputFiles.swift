import CutisCore
import CutisImaging
import CutisInference
import Foundation

/// The images that the arguments of a command name, folders searched.
struct InputFiles {
    /// The images in the order of the arguments, each folder sorted.
    let urls: [URL]
    /// Whether the call named exactly one image and no folder.
    let isSingleImage: Bool

    /// - Throws: `CutisError`: `.fileNotFound`, `.folderWithoutImages`.
    init(_ arguments: [String]) throws {
        var urls: [URL] = []
        var folders = 0
        for argument in arguments {
            let url = URL(fileURLWithPath: argument)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
                throw CutisError(.fileNotFound, "There is no file at \(argument).", remedy: "Check the path.")
            }
            if isFolder.boolValue {
                folders += 1
                urls += try ImageFinder.images(in: url)
            } else {
                urls.append(url)
            }
        }
        self.urls = urls
        isSingleImage = folders == 0 && urls.count == 1
    }

    /// The part of the sorted images that a shard has, and all of them, which its record describes.
    ///
    /// - Throws: as `Shard.range`.
    func part(_ shard: Shard) throws(CutisError) -> (urls: [URL], all: [URL]) {
        let all = urls.sorted { $0.relativePath.utf8.lexicographicallyPrecedes($1.relativePath.utf8) }
        return (Array(all[try shard.range(of: all.count)]), all)
    }
}
