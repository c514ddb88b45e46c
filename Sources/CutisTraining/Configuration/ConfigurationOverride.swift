import CutisCore

/// A value from the command line, `optimizer.weight_decay=0.05`, that replaces the file's.
struct ConfigurationOverride {
    let keys: [String]
    let value: ConfigurationValue

    /// - Throws: `.invalidArguments` where it is not `key=value`; `.configInvalid` where the value is not YAML.
    init(_ text: String) throws(CutisError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let keys = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, keys.allSatisfy({ !$0.isEmpty }), keys.count <= ConfigurationYAML.maximumDepth else {
            throw CutisError(
                .invalidArguments, "'\(text.prefix(200))' is not key=value.",
                remedy: "Write it like optimizer.weight_decay=0.05.")
        }
        self.keys = keys
        // As a list's only member, a value can hold no second key and no second document.
        let wrapped = try ConfigurationYAML.read("[\(parts[1])\n]", source: "The value of \(parts[0].prefix(200))")
        guard case .list(let members) = wrapped, members.count <= 1 else {
            throw CutisError(
                .invalidArguments, "'\(text.prefix(200))' has more than one value.",
                remedy: "Put lists in brackets, like model.freeze.names=[head.*].")
        }
        value = members.first ?? .null
    }

    /// The tree with the value in its place.
    func applied(to tree: ConfigurationValue) throws(CutisError) -> ConfigurationValue {
        try Self.set(keys[...], value, in: tree, path: "")
    }

    private static func set(
        _ keys: ArraySlice<String>, _ value: ConfigurationValue, in tree: ConfigurationValue, path: String
    ) throws(CutisError) -> ConfigurationValue {
        guard let key = keys.first else { return value }
        switch tree {
        case .section, .null: break
        case .list(let members):
            let last = max(0, members.count - 1)
            let index = try ConfigurationCoder.integer(ConfigurationValue(plain: key), path, 0...last)
            guard members.indices.contains(index) else { throw ConfigurationCoder.invalid(path, "is an empty list") }
            var members = members
            members[index] = try set(keys.dropFirst(), value, in: members[index], path: "\(path)[\(index)]")
            return .list(members)
        default:
            throw ConfigurationCoder.mismatch(path, expected: "a section that can hold '\(key)'", found: tree)
        }
        let inner = try set(
            keys.dropFirst(), value, in: tree[key] ?? .section([]), path: path.isEmpty ? key : "\(path).\(key)")
        return tree.setting(key, inner)
    }
}
