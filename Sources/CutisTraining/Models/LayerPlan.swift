package import CutisCore
package import CutisModels

/// Which layer of a network each weight belongs to, counted from the input.
///
/// Layer 0 is what meets the image: the stem, or patch embedding, class token, registers and positions. Each block is a
/// layer of its own; the last norm of a transformer belongs to its last block and the head is the last layer. These
/// are the groups of timm's `param_groups_layer_decay`.
package struct LayerPlan {
    /// The layer of each weight.
    package let layers: [Int]
    /// The number of the head's layer.
    package let last: Int
    private let names: [String]
    /// How many layers `FreezeRule.layers` counts: blocks of a transformer, stages of a residual network.
    private let depths: [Int]
    private let depth: Int

    /// Sorts weights by their canonical names.
    package init(_ configuration: ModelConfiguration, names: [String]) {
        self.names = names
        switch configuration {
        case .visionTransformer(let config):
            last = config.depth + 1
            depth = config.depth
            let heads = ["head.", "pre_logits.", "projection."]
            layers = names.map { name in
                if let block = Self.number(in: name, after: "blocks.") { return block + 1 }
                if heads.contains(where: name.hasPrefix) { return config.depth + 1 }
                return name.hasPrefix("norm.") ? config.depth : 0
            }
            // Freezing all blocks leaves the last norm and the head to train.
            depths = zip(names, layers).map { $0.hasPrefix("norm.") ? config.depth + 1 : $1 }
        case .resNet(let config):
            let starts = config.blocks.indices.map { config.blocks[..<$0].reduce(0, +) }
            let head = config.blocks.reduce(0, +) + 1
            last = head
            depth = config.blocks.count
            let stages = names.map { Self.number(in: $0, after: "layer") }
            layers = names.indices.map { index in
                let name = names[index]
                guard let stage = stages[index], starts.indices.contains(stage - 1) else {
                    return name.hasPrefix("fc.") ? head : 0
                }
                return 1 + starts[stage - 1] + (Self.number(in: name, after: "layer\(stage).") ?? 0)
            }
            depths = names.indices.map { stages[$0] ?? (names[$0].hasPrefix("fc.") ? config.blocks.count + 1 : 0) }
        }
    }

    /// The names of the weights that a rule freezes.
    ///
    /// - Throws: `.configInvalid` where the network has fewer layers or a pattern fits no weight.
    package func frozen(by rule: FreezeRule) throws(CutisError) -> Set<String> {
        guard rule.layers <= depth else {
            throw ConfigurationCoder.invalid("model.freeze.layers", "is \(rule.layers); the network has \(depth)")
        }
        var frozen: Set<String> = []
        for (name, depth) in zip(names, depths) {
            let isStem = depth == 0 && (rule.embedding || rule.layers > 0)
            if isStem || (depth > 0 && depth <= rule.layers) { frozen.insert(name) }
        }
        for pattern in rule.names {
            let fitting = names.filter { Self.fits($0, pattern) }
            guard !fitting.isEmpty else {
                let near = NearestName.of(pattern, among: names).map { "; did you mean '\($0)'" } ?? ""
                throw ConfigurationCoder.invalid("model.freeze.names", "has '\(pattern)', which fits no weight\(near)")
            }
            frozen.formUnion(fitting)
        }
        return frozen
    }

    /// Whether a name fits a pattern with `*` for any run of characters.
    static func fits(_ name: String, _ pattern: String) -> Bool {
        let (name, pattern) = (Array(name.utf8), Array(pattern.utf8))
        var (i, j) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while i < name.count {
            if j < pattern.count, pattern[j] == UInt8(ascii: "*") {
                star = (j, i)
                j += 1
            } else if j < pattern.count, pattern[j] == name[i] {
                i += 1
                j += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                (i, j) = (last.name + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[j...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func number(in name: String, after prefix: String) -> Int? {
        guard name.hasPrefix(prefix) else { return nil }
        return Int(name.dropFirst(prefix.count).prefix { $0.isASCII && $0.isNumber })
    }
}
