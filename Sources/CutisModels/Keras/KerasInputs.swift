/// What a graph takes: a bag of embeddings and, in some graphs, the mask of the images that are there.
struct KerasInputs {
    /// The place of the bag among the inputs.
    let bag: Int
    /// How many images a bag has; nil where any number will do.
    let instances: Int?
    /// The width of an embedding.
    let width: Int
    /// The place of the mask, with its rank and type; nil where the graph takes none.
    let mask: (place: Int, rank: Int, type: String)?

    /// Finds the bag, an input [batch, n, width], and the mask, an input [batch, n] or [batch, n, 1].
    init(_ model: KerasModelDefinition) throws(KerasFault) {
        var shapes: [[Int?]] = []
        var types: [String] = []
        for key in model.inputs {
            guard case .input(let shape, let type) = model.layers.first(where: { $0.name == key.layer })?.kind else {
                throw KerasFault("its input \(KerasName.quoted(key.layer)) is no InputLayer")
            }
            shapes.append(shape)
            types.append(type)
        }
        let bags = shapes.indices.filter { shapes[$0].count == 3 && (shapes[$0][2] ?? 0) > 1 }
        let described = zip(model.inputs, shapes).map { key, shape in
            let sizes = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            return "\(KerasName.quoted(key.layer)) [\(sizes)]"
        }.joined(separator: ", ")
        guard bags.count == 1, shapes.count <= 2, let width = shapes[bags[0]][2] else {
            throw .unsupported(
                "a head takes one bag [batch, images, width] and at most a mask, and this model takes \(described)")
        }
        let sizes = (shapes[bags[0]][1] ?? 1, width)
        guard (1...64).contains(sizes.0), (2...65_536).contains(sizes.1) else {
            throw .unsupported("its bag \(described) is larger than 64 images of 65536 numbers")
        }
        bag = bags[0]
        instances = shapes[bags[0]][1]
        self.width = width
        guard shapes.count == 2 else {
            mask = nil
            return
        }
        let place = 1 - bag
        let shape = shapes[place]
        let isMask = shape.count == 2 || (shape.count == 3 && shape[2] == 1)
        guard isMask, shape[1] == instances || shape[1] == nil || instances == nil else {
            throw .unsupported(
                "a head takes one bag [batch, images, width] and at most a mask, and this model takes \(described)")
        }
        mask = (place, shape.count, types[place])
    }
}
