import CutisCore

/// A value that the pickle machine has built.
///
/// Values live in an arena and refer to each other by index: a pickle may describe cycles and very deep nesting, and
/// neither may leak memory or overflow the stack when it is released.
enum PickleNode {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case bytes(ByteRegion)
    /// Text that stands for bytes by Latin-1 (`_codecs.encode`), by the node of the text.
    case encodedText(Int)
    case tuple([Int])
    /// Index into the arena's lists; also sets.
    case list(Int)
    /// Index into the arena's dictionaries.
    case dictionary(Int)
    case global(PickleGlobal)
    // Indirect: the other cases are far more frequent and should stay small.
    indirect case storage(PickleStorage)
    indirect case tensor(PickleTensor)
    case numpyType(String, bigEndian: Bool)
    /// Something harmless that Cutis has no use for, in words.
    case opaque(String)
}

/// What a pickle says about a block of numbers in the archive.
struct PickleStorage: Hashable {
    /// The file name under `data/`.
    let key: String
    /// The type of its elements; nil for types that Cutis does not read and for untyped storages.
    let elementType: ElementType?
    /// The class in the file, such as `HalfStorage`.
    let className: String
    /// Elements, or bytes for an untyped storage.
    let count: Int
}

/// What a pickle says about a tensor: a view of a storage.
struct PickleTensor {
    let storage: PickleStorage
    /// The type of the elements; nil with a reason in `unsupported`.
    let elementType: ElementType?
    let unsupported: String?
    /// The first element, counted in elements.
    let offset: Int
    let shape: [Int]
    /// Steps in elements.
    let strides: [Int]
}

/// The values of one pickle.
struct PickleArena {
    private(set) var nodes: [PickleNode] = []
    private(set) var lists: [[Int]] = []
    private(set) var dictionaries: [[(key: Int, value: Int)]] = []
    private var charged = 0

    /// More values than any checkpoint has (a large one has some 100,000); bounds memory and time.
    static let maximumValues = 4_000_000

    /// Counts work that is not bounded by the length of the pickle, such as copies of a shared list.
    mutating func charge(_ count: Int) throws(FormatFault) {
        charged += count
        guard charged <= Self.maximumValues else {
            throw FormatFault("its pickle builds more than \(Self.maximumValues) values", code: .checkpointUnsafe)
        }
    }

    mutating func add(_ node: PickleNode) throws(FormatFault) -> Int {
        try charge(1)
        nodes.append(node)
        return nodes.count - 1
    }

    mutating func addList(_ items: [Int]) throws(FormatFault) -> Int {
        try charge(items.count)
        lists.append(items)
        return try add(.list(lists.count - 1))
    }

    mutating func addDictionary(_ items: [(key: Int, value: Int)]) throws(FormatFault) -> Int {
        try charge(items.count)
        dictionaries.append(items)
        return try add(.dictionary(dictionaries.count - 1))
    }

    mutating func append(_ items: [Int], toList list: Int) throws(FormatFault) {
        try charge(items.count)
        lists[list].append(contentsOf: items)
    }

    mutating func set(_ value: Int, for key: Int, inDictionary dictionary: Int) throws(FormatFault) {
        try charge(1)
        dictionaries[dictionary].append((key, value))
    }

    /// The text of a node, or nil.
    func text(_ node: Int) -> String? {
        if case .text(let text) = nodes[node] { return text }
        return nil
    }

    /// The integer of a node, or nil.
    func integer(_ node: Int) -> Int? {
        if case .integer(let value) = nodes[node] { return value }
        return nil
    }

    /// The integers of a tuple, or nil where an item is something else.
    func integers(_ node: Int) -> [Int]? {
        guard case .tuple(let items) = nodes[node] else { return nil }
        var values: [Int] = []
        for item in items {
            guard let value = integer(item) else { return nil }
            values.append(value)
        }
        return values
    }

    /// A dictionary key as text: strings and integers.
    func keyText(_ node: Int) -> String? {
        text(node) ?? integer(node).map(String.init)
    }
}
