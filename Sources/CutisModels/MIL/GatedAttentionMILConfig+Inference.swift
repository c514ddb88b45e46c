package import CutisCore
package import CutisFormats

extension GatedAttentionMILConfig {
    /// Reads the sizes off the shapes of a state dictionary.
    ///
    /// The names are those of the public PyTorch heads: `instance.{4n}` (linear, or `anchor`/`down`/`up` of a fixed
    /// projection), `instance.{4n+1}` (norm), `attention_*`, `classifier.{4n}`, `classifier.{4n+1}`.
    ///
    /// - Throws: `.checkpointUnsupported` where the tensors are not those of such a head.
    package init(shapesOf archive: any TensorArchive) throws(CutisError) {
        func shape(_ name: String) -> [Int]? { archive.tensors[name]?.shape }
        func require(_ name: String, rank: Int) throws(CutisError) -> [Int] {
            guard let shape = shape(name), shape.count == rank else {
                throw CutisError(
                    .checkpointUnsupported,
                    "\(archive.path) is not a gated-attention head: it has no \(name) of rank \(rank).",
                    remedy: "List its tensors with `cutis inspect`; the head needs instance.*, attention_tanh.*, "
                        + "attention_sigmoid.*, attention_score.* and classifier.*.")
            }
            return shape
        }
        let gate = try require("attention_tanh.weight", rank: 2)
        let stages = Self.stages("instance", archive)
        let shared = Self.stages("classifier", archive) - 1
        let last = try require("classifier.\(4 * max(shared, 0)).weight", rank: 2)
        let rank = shape("instance.0.down.weight")?.first
        let inputs =
            if let anchor = shape("instance.0.anchor") { anchor.first ?? 0 } else {
                try require("instance.0.weight", rank: 2)[1]
            }
        let sharedWidth = shared > 0 ? (try require("classifier.0.weight", rank: 2))[0] : 384
        self.init(
            inputWidth: inputs, classCount: last[0], hiddenWidth: gate[1], attentionWidth: gate[0],
            instanceLayers: stages, sharedWidth: sharedWidth, sharedLayers: max(shared, 0), projectionRank: rank)
        do {
            try validate()
        } catch {
            throw CutisError(.checkpointUnsupported, "\(archive.path): \(error.message)", remedy: error.remedy)
        }
    }

    /// How many of `{part}.0`, `{part}.4`, `{part}.8` … there are: a stage is a linear layer, a norm, GELU, dropout.
    private static func stages(_ part: String, _ archive: any TensorArchive) -> Int {
        var count = 0
        while count <= 64,
            ["weight", "anchor"].contains(where: { archive.tensors["\(part).\(4 * count).\($0)"] != nil })
        {
            count += 1
        }
        return count
    }
}

extension GatedAttentionMILConfig {
    /// The keyword arguments of the public heads.
    private static let keywords: Set<String> = [
        "instance_dim", "attention_dim", "shared_dim", "instance_layers", "shared_layers", "dropout",
        "instance_projection", "projection_rank",
    ]

    /// Compares the shapes with what the checkpoint says in words, and takes the dropout of training from there.
    ///
    /// - Parameter payload: `input_dim`, `class_count` and `architecture` of the checkpoint, if it has them.
    /// - Throws: `.checkpointUnsupported` for architecture arguments that Cutis does not know, since they may change
    ///   what is computed; `.checkpointMismatch` where words and shapes differ.
    mutating func check(against payload: PayloadValue?, path: String) throws(CutisError) {
        let architecture = payload?["architecture"]?.objectValue ?? [:]
        let unknown = architecture.keys.filter { !Self.keywords.contains($0) }.sorted()
        guard unknown.isEmpty else {
            throw CutisError(
                .checkpointUnsupported,
                "\(path) is a head of another architecture: its arguments "
                    + "\(unknown.joined(separator: ", ")) are not known.",
                remedy: "Give a head with the arguments \(Self.keywords.sorted().joined(separator: ", ")).")
        }
        let isLowRank = architecture["instance_projection"]?.textValue == "manifold_residual"
        let said: [(String, Int?, Int)] = [
            ("input_dim", payload?["input_dim"]?.integerValue, inputWidth),
            ("class_count", payload?["class_count"]?.integerValue, classCount),
            ("instance_dim", architecture["instance_dim"]?.integerValue, hiddenWidth),
            ("attention_dim", architecture["attention_dim"]?.integerValue, attentionWidth),
            ("instance_layers", architecture["instance_layers"]?.integerValue, instanceLayers),
            ("shared_layers", architecture["shared_layers"]?.integerValue, sharedLayers),
            ("shared_dim", sharedLayers > 0 ? architecture["shared_dim"]?.integerValue : nil, sharedWidth),
            ("projection_rank", isLowRank ? architecture["projection_rank"]?.integerValue : nil, projectionRank ?? 0),
        ]
        let different = said.filter { $0.1 != nil && $0.1 != $0.2 }
        guard different.isEmpty else {
            let list = different.map { "\($0.0) \($0.1 ?? 0) (its weights have \($0.2))" }.joined(separator: ", ")
            throw CutisError(
                .checkpointMismatch, "\(path) says \(list).", remedy: "Get the checkpoint again from its source.")
        }
        if let rate = architecture["dropout"]?.numberValue, rate >= 0, rate < 1 { dropout = rate }
    }
}
