import CutisCore
import CutisFormats
public import CutisTensor
public import Foundation

/// Cached embeddings: one feature vector for each image, as `cutis embed` writes them.
public struct EmbeddingTable {
    /// float32 [N, D].
    public let features: Tensor
    /// The images' names in the order of the rows; nil where the file has none (an `.npz` holds numbers only).
    public let names: [String]?
    private let rows: [String: Int]

    /// How many numbers an embedding has.
    public var width: Int { features.shape[1] }

    /// How many embeddings there are.
    public var count: Int { features.shape[0] }

    /// Joins features [N, D] and names.
    ///
    /// - Throws: `.dataInvalid` where they do not fit or a number is not finite.
    public init(features: Tensor, names: [String]? = nil) throws {
        try self.init(features: features, names: names, path: "The embeddings")
    }

    /// Reads a file.
    ///
    /// - Parameter url: safetensors or npz with the matrix `features` [N, D] (another name will do where it is the only
    ///   matrix); the names are the JSON array `images` of the metadata.
    /// - Throws: `.dataInvalid` where there is no such matrix, a number is not finite or the names do not fit; what
    ///   the readers throw.
    public init(_ url: URL) throws {
        let archive = try TensorArchives.open(url)
        let matrices = archive.tensors.values.filter { $0.shape.count == 2 }
        let found = archive.tensors["features"] ?? (matrices.count == 1 ? matrices.first : nil)
        guard let found, found.shape.count == 2, let dtype = Self.types[found.elementType] else {
            throw Self.invalid(url.path, "it has no matrix 'features' of floating-point numbers")
        }
        let features = try archive.data(for: found.name).withUnsafeBytes { bytes in
            try Tensor(rawBytes: bytes, shape: found.shape, dtype: dtype).to(DType.float32)
        }
        var names: [String]?
        if let text = archive.metadata["images"] {
            names = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
            guard names != nil else { throw Self.invalid(url.path, "its list of images is not a JSON array of names") }
        }
        try self.init(features: features, names: names, path: url.path)
    }

    private init(features: Tensor, names: [String]?, path: String) throws {
        guard features.rank == 2, features.shape[0] > 0, features.shape[1] > 0 else {
            throw Self.invalid(path, "there are no embeddings in them")
        }
        guard try features.allFinite() else { throw Self.invalid(path, "some numbers are not finite") }
        if let names, names.count != features.shape[0] {
            throw Self.invalid(path, "\(names.count) names do not fit \(features.shape[0]) rows")
        }
        self.features = features
        self.names = names
        rows = Self.index(names ?? [])
    }

    /// The row of an image by its path, by its file name, or by its file name without the extension; nil where none
    /// or more than one has it.
    public func row(of name: String) -> Int? { rows[name] }

    private static let types: [ElementType: DType] = [
        .float16: .float16, .bfloat16: .bfloat16, .float32: .float32, .float64: .float64,
    ]

    private static func index(_ names: [String]) -> [String: Int] {
        var found: [String: Int] = [:]
        // A whole path goes before a file name, and that before one without its extension.
        for form in [{ $0 }, lastPart, stem] as [(String) -> String] {
            var level: [String: Int?] = [:]
            for (row, name) in names.enumerated() {
                let key = form(name)
                level[key] = level.keys.contains(key) ? .some(nil) : row
            }
            found.merge(level.compactMapValues { $0 }) { first, _ in first }
        }
        return found
    }

    private static func lastPart(_ name: String) -> String {
        String(name.split(separator: "/").last ?? "")
    }

    private static func stem(_ name: String) -> String {
        let last = lastPart(name)
        guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return last }
        return String(last[..<dot])
    }

    private static func invalid(_ path: String, _ reason: String) -> CutisError {
        CutisError(
            .dataInvalid, "\(path) cannot be used as embeddings: \(reason).",
            remedy: "Make them with `cutis embed IMAGES --output FILE.safetensors`.")
    }
}
