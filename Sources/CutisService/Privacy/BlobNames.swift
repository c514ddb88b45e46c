/// The names of blobs: identifiers only.
enum BlobNames {
    /// Where all images are.
    static let images = "images/"

    /// The key of an image; its identifier says when it was made.
    static func image(_ id: String, clinic: String) -> String { "\(images)\(clinic)/\(id)" }

    /// When the image of a key was made: its identifier begins with 48 bits of milliseconds (UUID version 7).
    static func time(of key: String) -> Int64? {
        guard let id = key.split(separator: "/").last else { return nil }
        return Int64(id.filter { $0 != "-" }.prefix(12), radix: 16)
    }
}
