import CutisCore
public import CutisTensor

/// Cases of 1 to a few images each, as zero-padded bags of cached embeddings with their labels.
public struct MILCases {
    /// float32 [cases, images, D]; rows of missing images are zeros and stand behind the others.
    public let bags: Tensor
    /// bool [cases, images], true for an image that is there.
    public let mask: Tensor
    /// One row per case, one 0 or 1 per label.
    public let targets: [[Bool]]

    /// How many cases there are.
    public var count: Int { targets.count }

    /// Gathers cases from a table of embeddings.
    ///
    /// - Parameters:
    ///   - images: the rows of each case's images, 1 to `maximumInstances`.
    ///   - targets: for each case, whether it has each label.
    /// - Throws: `.dataInvalid` that names the case by its position.
    public init(
        _ table: EmbeddingTable, images: [[Int]], targets: [[Bool]], maximumInstances: Int = 3
    ) throws {
        guard !images.isEmpty, images.count == targets.count, let labelCount = targets.first?.count, labelCount > 0
        else { throw Self.invalid("there are \(images.count) cases and \(targets.count) rows of labels") }
        for (number, rows) in images.enumerated() {
            guard (1...maximumInstances).contains(rows.count) else {
                throw Self.invalid("case \(number + 1) has \(rows.count) images, not 1 to \(maximumInstances)")
            }
            guard rows.allSatisfy({ (0..<table.count).contains($0) }) else {
                throw Self.invalid("case \(number + 1) has an image without an embedding")
            }
            guard targets[number].count == labelCount else {
                throw Self.invalid("case \(number + 1) has \(targets[number].count) labels, not \(labelCount)")
            }
        }
        // Missing images take the row of zeros behind the table's last.
        let padded = try Tensor.cat([table.features, Tensor.zeros([1, table.width])])
        let rows = images.flatMap { $0 + [Int](repeating: table.count, count: maximumInstances - $0.count) }
        bags = try padded.indexSelect(dim: 0, Tensor(rows)).view([images.count, maximumInstances, table.width])
        mask = try Tensor(rows.map { $0 != table.count }, shape: [images.count, maximumInstances])
        self.targets = targets
    }

    /// Gathers cases by the names of their images.
    ///
    /// - Throws: `.dataInvalid` that names the first image without an embedding.
    public init(
        _ table: EmbeddingTable, names: [[String]], targets: [[Bool]], maximumInstances: Int = 3
    ) throws {
        let images = try names.map { names in
            try names.map { name in
                guard let row = table.row(of: name) else {
                    throw Self.invalid("'\(name.prefix(200))' has no embedding, or more than one")
                }
                return row
            }
        }
        try self.init(table, images: images, targets: targets, maximumInstances: maximumInstances)
    }

    /// How many cases have each label.
    var positiveCounts: [Int] {
        targets.reduce(into: [Int](repeating: 0, count: targets[0].count)) { counts, row in
            for (label, isPositive) in row.enumerated() where isPositive { counts[label] += 1 }
        }
    }

    /// The targets as float32 [cases, labels].
    func targetTensor() throws(TensorError) -> Tensor {
        try Tensor(targets.flatMap { $0.map { $0 ? Float(1) : 0 } }, shape: [count, targets[0].count])
    }

    /// Refuses a part without a positive or a negative case of some label.
    func requireBothAnswers(_ labels: LabelSet, part: String) throws(CutisError) {
        guard targets[0].count == labels.count else {
            throw Self.invalid("the \(part) cases have \(targets[0].count) labels, not \(labels.count)")
        }
        for (label, positives) in zip(labels.labels, positiveCounts) where positives == 0 || positives == count {
            let lacking = positives == 0 ? "none with" : "none without"
            throw CutisError(
                .dataInvalid, "Of the \(count) \(part) cases there is \(lacking) '\(label.id)'.",
                remedy: "Split the data by label, or leave that label out.")
        }
    }

    private static func invalid(_ reason: String) -> CutisError {
        CutisError(.dataInvalid, "The cases cannot be used: \(reason).", remedy: "Correct the table of cases.")
    }
}
