import CutisFormats
import Foundation

/// Finds the files of a table's images, never outside the data set's folder.
struct ImageLocator {
    /// Endings of image files, in the order in which a name without ending is tried.
    static let extensions = ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG", "webp", "bmp", "tif", "tiff", "gif", "heic"]
    private static let loweredExtensions = Set(extensions.map { $0.lowercased() })

    private let base: String
    private let baseName: String
    private let folders: [String]
    // Where the last image was: most data sets have all images in one folder with one ending.
    private var lastFolder = 0
    private var lastExtension = 0

    /// - Parameter base: the folder that names are relative to. Below it, `images` and the folders whose names hold
    ///   `image` or `input` (as of HAM10000 and the ISIC challenges) are searched too.
    init(base: URL) {
        let path = base.standardizedFileURL.path
        let prefix = path.hasSuffix("/") ? path : path + "/"
        self.base = prefix
        baseName = base.standardizedFileURL.lastPathComponent
        let children = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let named = children.filter { child in
            let name = child.lowercased()
            guard name.contains("image") || name.contains("input") else { return false }
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: prefix + child, isDirectory: &isFolder)
                && isFolder.boolValue
        }
        folders = [""] + named.sorted().prefix(16).map { $0 + "/" }
    }

    /// Whether a file name ends like an image's.
    static func isImageName(_ name: String) -> Bool {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return loweredExtensions.contains(name[name.index(after: dot)...].lowercased())
    }

    /// The file of a name as a table gives it; where no file is there, the place where it would be.
    ///
    /// Links within the folder are followed: whoever laid the folder out put them there, a table cannot.
    mutating func locate(_ name: String) throws(RowFault) -> URL {
        try Self.check(name)
        let hasExtension = Self.isImageName(name)
        if let path = existing(name, hasExtension) { return URL(fileURLWithPath: path, isDirectory: false) }
        // Tables of buckets name the folder that they lie in.
        if name.hasPrefix(baseName + "/") {
            let inner = String(name.dropFirst(baseName.count + 1))
            if let path = existing(inner, hasExtension) { return URL(fileURLWithPath: path, isDirectory: false) }
        }
        let expected = base + folders[lastFolder] + name + (hasExtension ? "" : ".jpg")
        return URL(fileURLWithPath: expected, isDirectory: false)
    }

    private static func check(_ name: String) throws(RowFault) {
        guard !name.isEmpty, name.utf8.count <= 1024, !name.utf8.contains(0) else {
            throw RowFault("the image has no name, or one of more than 1024 bytes")
        }
        let isOutside = name.hasPrefix("/") || name.split(separator: "/").contains("..")
        guard !isOutside else { throw RowFault("the image \(quoted(name)) lies outside the data set's folder") }
    }

    private mutating func existing(_ name: String, _ hasExtension: Bool) -> String? {
        if hasExtension {
            for folder in rotated(folders.count, lastFolder) {
                let path = base + folders[folder] + name
                if access(path, F_OK) == 0 {
                    lastFolder = folder
                    return path
                }
            }
            return nil
        }
        for folder in rotated(folders.count, lastFolder) {
            for ending in rotated(Self.extensions.count, lastExtension) {
                let path = base + folders[folder] + name + "." + Self.extensions[ending]
                if access(path, F_OK) == 0 {
                    (lastFolder, lastExtension) = (folder, ending)
                    return path
                }
            }
        }
        return nil
    }

    private func rotated(_ count: Int, _ first: Int) -> [Int] {
        first == 0 ? Array(0..<count) : [first] + (0..<count).filter { $0 != first }
    }
}
