import CutisCore
import CutisFormats

/// The shapes of canonical weights as a checkpoint would give them, without reading a number.
struct ShapeProbe {
    let archive: any TensorArchive
    let layout: KeyLayout
    let prefix: String
    /// The number of heads that a person told; it wins over files and rules.
    let heads: Int?

    init(_ archive: any TensorArchive, layout: KeyLayout, heads: Int? = nil) {
        self.heads = heads
        self.archive = archive
        self.layout = layout
        prefix = layout.prefix(of: archive.tensors.keys)
    }

    /// The shape, or nil where the checkpoint does not hold the weight. Vectors that a layout reshapes keep their own.
    func shape(_ name: String) -> [Int]? {
        let source = layout.source(of: name, prefix: prefix)?.resolved { archive.tensors[$0] != nil }
        return source?.shape(wanted: []) { archive.tensors[$0]?.shape }
    }

    /// One size of a shape, counted from the end where negative.
    func size(_ name: String, _ dimension: Int) -> Int? {
        guard let shape = shape(name) else { return nil }
        let index = dimension < 0 ? shape.count + dimension : dimension
        return shape.indices.contains(index) ? shape[index] : nil
    }

    func has(_ name: String) -> Bool { shape(name) != nil }

    /// How many numbered parts there are: the first number for which the weight is absent.
    func count(_ name: (Int) -> String) -> Int {
        (0...ConfigurationLimits.depth.upperBound).first { !has(name($0)) } ?? ConfigurationLimits.depth.upperBound + 1
    }

    /// The error for a number that neither the shapes nor a file gives.
    func unknown(_ what: String) -> CutisError {
        CutisError(
            .checkpointUnsupported, "The \(what) of the model in \(archive.path) cannot be told from its tensors.",
            remedy: "Import the folder that holds the checkpoint together with its config.json, or tell the number.")
    }
}
