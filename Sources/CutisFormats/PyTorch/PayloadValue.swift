/// What a PyTorch checkpoint carries beside its weights: epoch, `class_count`, the keyword arguments of the
/// architecture and the like, as a tree like JSON's. Tensors in dictionaries are left out.
public indirect enum PayloadValue: Sendable, Hashable, Encodable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([PayloadValue])
    case object([String: PayloadValue])
    /// Something without a meaning here (a tensor, a NumPy array, a tree that is too deep), in words.
    case opaque(String)

    /// The member of an object, or nil.
    public subscript(key: String) -> PayloadValue? {
        if case .object(let members) = self { return members[key] }
        return nil
    }

    /// The item of a list, or nil.
    public subscript(index: Int) -> PayloadValue? {
        if case .list(let items) = self, items.indices.contains(index) { return items[index] }
        return nil
    }

    /// The integer, or nil for anything else.
    public var integerValue: Int? {
        if case .integer(let value) = self { return value }
        return nil
    }

    /// The number, whole ones included, or nil for anything else.
    public var numberValue: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// The text, or nil for anything else.
    public var textValue: String? {
        if case .text(let value) = self { return value }
        return nil
    }

    /// The truth value, or nil for anything else.
    public var boolValue: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    /// The items of a list, or nil for anything else.
    public var listValue: [PayloadValue]? {
        if case .list(let items) = self { return items }
        return nil
    }

    /// The members of an object, or nil for anything else.
    public var objectValue: [String: PayloadValue]? {
        if case .object(let members) = self { return members }
        return nil
    }

    /// A scalar in words; nil for lists, objects and opaque values.
    public var scalarText: String? {
        switch self {
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .text(let value): value
        case .null, .list, .object, .opaque: nil
        }
    }

    /// Writes plain JSON; opaque values and numbers that JSON lacks (NaN, infinities) become text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value) where value.isFinite: try container.encode(value)
        case .number(let value): try container.encode(String(value))
        case .text(let value), .opaque(let value): try container.encode(value)
        case .list(let items): try container.encode(items)
        case .object(let members): try container.encode(members)
        }
    }
}

/// Turns pickled values into a payload. Depth and size are limited: a pickle may describe cycles, and a few shared
/// lists can unfold to billions of items.
struct PayloadBuilder {
    private let arena: PickleArena
    private let excluded: Set<Int>
    private var remaining = 100_000

    /// - Parameter excluded: nodes that are left out, such as the state dictionary.
    init(_ arena: PickleArena, excluding excluded: Set<Int>) {
        self.arena = arena
        self.excluded = excluded
    }

    /// The payload of a node.
    mutating func value(_ node: Int, depth: Int = 0) -> PayloadValue {
        remaining -= 1
        guard remaining > 0, depth < 32 else { return .opaque("too large") }
        switch arena.nodes[node] {
        case .none: return .null
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .real(let value): return .number(value)
        case .text(let value): return .text(value)
        case .tuple(let items): return .list(values(items, depth))
        case .list(let list): return .list(values(arena.lists[list], depth))
        case .dictionary(let dictionary): return members(arena.dictionaries[dictionary], depth)
        case .tensor(let tensor):
            return .opaque("tensor \(tensor.elementType?.rawValue ?? tensor.storage.className) \(tensor.shape)")
        case .global(.elementType(let name, _)): return .text("torch.\(name)")
        case .numpyType(let kind, _): return .text("numpy.\(kind)")
        case .bytes, .encodedText: return .opaque("bytes")
        case .global, .storage: return .opaque("a Python object")
        case .opaque(let text): return .opaque(text)
        }
    }

    private mutating func values(_ items: [Int], _ depth: Int) -> [PayloadValue] {
        var result: [PayloadValue] = []
        for item in items {
            guard remaining > 0 else { break }
            result.append(value(item, depth: depth + 1))
        }
        return result
    }

    private mutating func members(_ pairs: [(key: Int, value: Int)], _ depth: Int) -> PayloadValue {
        var result: [String: PayloadValue] = [:]
        for pair in pairs where !excluded.contains(pair.value) {
            guard remaining > 0 else { break }
            if case .tensor = arena.nodes[pair.value] { continue }
            guard let key = arena.keyText(pair.key) else { continue }
            result[key] = value(pair.value, depth: depth + 1)
        }
        return .object(result)
    }
}
