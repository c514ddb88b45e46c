/// Where a custom attention layer keeps its three weights, relative to its group: kernel and, if any, bias of each.
struct KerasAttentionParts {
    let tanh: [String]
    /// nil where the attention is not gated.
    let sigmoid: [String]?
    let score: [String]

    /// Attribute names of sub-layers, in lower case without underscores, and what they are.
    static let roles: [(role: Role, names: Set<String>)] = [
        (
            .tanh,
            [
                "v", "attentionv", "attv", "attnv", "vdense", "densev", "fcv", "vlayer", "tanh", "attentiontanh",
                "tanhdense",
                "densetanh", "tanhlayer", "vproj", "projv", "attentiona", "atta",
            ]
        ),
        (
            .sigmoid,
            [
                "u", "attentionu", "attu", "attnu", "udense", "denseu", "fcu", "ulayer", "sigmoid", "attentionsigmoid",
                "sigmoiddense", "densesigmoid", "sigmoidlayer", "gate", "gatedense", "attentiongate", "uproj", "proju",
                "attentionb", "attb",
            ]
        ),
        (
            .score,
            [
                "w", "attentionw", "attw", "attnw", "wdense", "densew", "fcw", "wlayer", "score", "scores",
                "attentionscore",
                "scoredense", "scorelayer", "attentionweights", "attentionweight", "attention", "attn", "wproj",
                "projw",
                "attentionc", "attc",
            ]
        ),
    ]

    /// What a sub-layer is for.
    enum Role { case tanh, sigmoid, score }

    /// Takes the places from a mapping, or finds them by names and shapes.
    ///
    /// - Throws: `KerasFault`, unsupported, that lists what the layer holds and how to describe it.
    init(
        _ layer: KerasLayerDefinition, mapping: KerasCustomLayerMapping?, builder: KerasBuilder
    ) throws(KerasFault) {
        if let mapping, let tanh = mapping.tanh, let score = mapping.score, !tanh.isEmpty, !score.isEmpty {
            self.tanh = tanh
            self.score = score
            sigmoid = mapping.sigmoid.flatMap { $0.isEmpty ? nil : $0 }
            return
        }
        let group = layer.group
        let children = builder.weights.children(of: group)
        let own = builder.weights.shapes(in: group)
        guard let found = children.isEmpty ? Self.byShape(own) : Self.byName(children, group, builder) else {
            let title = layer.registeredName ?? layer.className
            throw .unsupported(
                "its class \(KerasName.quoted(title)) holds \(builder.weights.contents(of: group)), "
                    + "in which Cutis does not recognise V, U and w of an attention",
                remedy: KerasSupport.mappingAdvice(title))
        }
        (tanh, sigmoid, score) = found
    }

    private typealias Found = (tanh: [String], sigmoid: [String]?, score: [String])

    /// Sub-layers by their attribute names; every one must have a known name and the score one column.
    private static func byName(_ children: [String], _ group: String, _ builder: KerasBuilder) -> Found? {
        var parts: [Role: [String]] = [:]
        for child in children {
            let plain = child.lowercased().filter { $0 != "_" }
            let shapes = builder.weights.shapes(in: "\(group)/\(child)")
            guard let role = roles.first(where: { $0.names.contains(plain) })?.role, parts[role] == nil,
                (1...2).contains(shapes.count), shapes[0].count == 2, role != .score || shapes[0][1] == 1
            else { return nil }
            parts[role] = shapes.indices.map { "\(child)/vars/\($0)" }
        }
        guard let tanh = parts[.tanh], let score = parts[.score] else { return nil }
        return (tanh, parts[.sigmoid], score)
    }

    /// Own weights: one or two kernels [width, units], one kernel [units, 1], and biases of as many columns.
    private static func byShape(_ shapes: [[Int]]) -> Found? {
        let kernels = shapes.indices.filter { shapes[$0].count == 2 }
        let biases = shapes.indices.filter { shapes[$0].count == 1 }
        let scores = kernels.filter { shapes[$0][1] == 1 }
        let gates = kernels.filter { shapes[$0][1] != 1 }
        guard kernels.count + biases.count == shapes.count, scores.count == 1, (1...2).contains(gates.count),
            gates.allSatisfy({ shapes[$0][1] == shapes[scores[0]][0] && shapes[$0] == shapes[gates[0]] })
        else { return nil }
        let gateBiases = biases.filter { shapes[$0] == [shapes[gates[0]][1]] }
        let scoreBiases = biases.filter { shapes[$0] == [1] }
        guard gateBiases.isEmpty || gateBiases.count == gates.count, scoreBiases.count <= 1,
            gateBiases.count + scoreBiases.count == biases.count
        else { return nil }
        let branches = gates.enumerated().map { place, kernel in
            ["vars/\(kernel)"] + (gateBiases.isEmpty ? [] : ["vars/\(gateBiases[place])"])
        }
        let score = ["vars/\(scores[0])"] + scoreBiases.map { "vars/\($0)" }
        return (branches[0], branches.count > 1 ? branches[1] : nil, score)
    }
}
