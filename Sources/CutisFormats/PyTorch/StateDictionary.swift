import CutisCore

/// Finds the weights in the values of a checkpoint and gives them flat names.
///
/// Training scripts wrap a state dictionary in many ways. The rules, applied again and again from the root:
/// 1. a member with a well-known name (`state_dict`, `model`, …; plain weights before averaged ones) that holds
///    tensors is the checkpoint;
/// 2. otherwise, where no member is itself a tensor and just one holds tensors, that one is;
/// 3. otherwise this is it. Nested names are joined with dots.
/// Then the prefixes `module.` (DataParallel) and `_orig_mod.` (torch.compile) that all names share are taken off.
struct StateDictionary {
    /// Names that training scripts use, in the order of preference.
    static let wrappers = [
        "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights", "params",
        "state_dict_ema", "model_ema", "ema_state_dict", "ema_model", "ema",
    ]

    /// The keys that lead from the root to the weights.
    private(set) var path: [String] = []
    /// The node that holds the weights.
    private(set) var node: Int
    private(set) var tensors: [String: PickleTensor] = [:]
    private let arena: PickleArena
    private var bearing: [Int: Bool] = [:]
    private var visits = 0

    private static let maximumDepth = 32
    private static let maximumVisits = 1_000_000

    init(_ arena: PickleArena, root: Int) throws(FormatFault) {
        self.arena = arena
        node = root
        while path.count < 8, let next = nextWrapper() {
            path.append(next.key)
            node = next.node
        }
        try collect(node, prefix: "", depth: 0)
        while let shorter = withoutSharedPrefix() { tensors = shorter }
    }

    private mutating func nextWrapper() -> (key: String, node: Int)? {
        guard case .dictionary(let dictionary) = arena.nodes[node] else { return nil }
        var members: [(key: String, node: Int)] = []
        var hasTensor = false
        for pair in arena.dictionaries[dictionary] {
            if case .tensor = arena.nodes[pair.value] { hasTensor = true }
            guard case .dictionary = arena.nodes[pair.value], let key = arena.keyText(pair.key),
                bearsTensors(pair.value, depth: 0)
            else { continue }
            members.append((key, pair.value))
        }
        for name in Self.wrappers {
            if let member = members.last(where: { $0.key == name }) { return member }
        }
        return members.count == 1 && !hasTensor ? members[0] : nil
    }

    /// Whether a value contains a tensor anywhere. Remembers its answers, and so ends on cycles too.
    private mutating func bearsTensors(_ node: Int, depth: Int) -> Bool {
        if let known = bearing[node] { return known }
        guard depth < Self.maximumDepth else { return false }
        bearing[node] = false
        var found = false
        switch arena.nodes[node] {
        case .tensor: found = true
        case .tuple(let items):
            for item in items where !found { found = bearsTensors(item, depth: depth + 1) }
        case .list(let list):
            for item in arena.lists[list] where !found { found = bearsTensors(item, depth: depth + 1) }
        case .dictionary(let dictionary):
            for pair in arena.dictionaries[dictionary] where !found {
                found = bearsTensors(pair.value, depth: depth + 1)
            }
        default: break
        }
        bearing[node] = found
        return found
    }

    private mutating func collect(_ node: Int, prefix: String, depth: Int) throws(FormatFault) {
        visits += 1
        guard depth < Self.maximumDepth, visits < Self.maximumVisits else {
            throw FormatFault("its dictionaries are nested too deeply or endlessly", code: .checkpointUnsafe)
        }
        switch arena.nodes[node] {
        case .tensor(let tensor): try add(tensor, prefix.isEmpty ? "tensor" : prefix)
        case .dictionary(let dictionary):
            for pair in arena.dictionaries[dictionary] where bearsTensors(pair.value, depth: 0) {
                guard let key = arena.keyText(pair.key) else {
                    throw FormatFault("a tensor has a name that is neither text nor an integer")
                }
                try collect(pair.value, prefix: prefix.isEmpty ? key : "\(prefix).\(key)", depth: depth + 1)
            }
        case .list(let list): try collect(arena.lists[list], prefix, depth)
        case .tuple(let items): try collect(items, prefix, depth)
        default: break
        }
    }

    private mutating func collect(_ items: [Int], _ prefix: String, _ depth: Int) throws(FormatFault) {
        for (index, item) in items.enumerated() where bearsTensors(item, depth: 0) {
            try collect(item, prefix: prefix.isEmpty ? "\(index)" : "\(prefix).\(index)", depth: depth + 1)
        }
    }

    private mutating func add(_ tensor: PickleTensor, _ name: String) throws(FormatFault) {
        guard tensors.count < FormatLimits.maximumTensors else { throw FormatLimits.tooManyTensors }
        guard name.utf8.count <= 4096 else { throw FormatFault("a tensor has a name longer than 4096 bytes") }
        guard tensors.updateValue(tensor, forKey: name) == nil else {
            throw FormatFault("tensor \(quoted(name)) occurs twice")
        }
    }

    /// The same tensors without a prefix that all names have; nil where there is none.
    ///
    /// `n_averaged`, the counter that averaged models add beside the module, does not count.
    private func withoutSharedPrefix() -> [String: PickleTensor]? {
        for prefix in ["module.", "_orig_mod."] {
            let names = tensors.keys.filter { $0 != "n_averaged" }
            guard !names.isEmpty, names.allSatisfy({ $0.hasPrefix(prefix) && $0.count > prefix.count }) else {
                continue
            }
            var result: [String: PickleTensor] = [:]
            for (name, tensor) in tensors {
                result[name == "n_averaged" ? name : String(name.dropFirst(prefix.count))] = tensor
            }
            guard result.count == tensors.count else { return nil }
            return result
        }
        return nil
    }
}
