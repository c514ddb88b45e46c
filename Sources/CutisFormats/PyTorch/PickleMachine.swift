import CutisCore

/// Runs the pickle of a PyTorch checkpoint without Python: a stack machine with an allow-list of operations and names.
///
/// Operations: those of Python's `pickle` protocols 2…5 that build plain data. There is no way to call anything: a
/// name outside `PickleGlobal` stops the reading before its arguments are even seen. Time and memory are bounded by
/// the length of the pickle and `PickleArena.maximumValues`.
struct PickleMachine {
    var arena = PickleArena()
    private let input: ByteRegion
    private var position = 0
    private var stack: [Int] = []
    private var marks: [Int] = []
    private var memo: [Int: Int] = [:]

    /// Runs a pickle to its end.
    ///
    /// - Returns: the arena and the index of the result.
    static func run(_ input: ByteRegion) throws(FormatFault) -> (arena: PickleArena, root: Int) {
        var machine = PickleMachine(input: input)
        while let opcode = machine.input[machine.position] {
            machine.position += 1
            if opcode == UInt8(ascii: ".") {
                guard machine.stack.count == 1, machine.marks.isEmpty else {
                    throw FormatFault("its pickle ends with \(machine.stack.count) values instead of one")
                }
                return (machine.arena, machine.stack[0])
            }
            try machine.execute(opcode)
        }
        throw FormatFault("its pickle has no end")
    }

    private init(input: ByteRegion) {
        self.input = input
    }

    private mutating func execute(_ opcode: UInt8) throws(FormatFault) {
        switch opcode {
        case 0x80: try readProtocol()
        case 0x95: _ = try take(8)
        case UInt8(ascii: "N"): try push(.none)
        case 0x88: try push(.bool(true))
        case 0x89: try push(.bool(false))
        case UInt8(ascii: "J"): try push(.integer(Int(try number(Int32.self))))
        case UInt8(ascii: "K"): try push(.integer(Int(try number(UInt8.self))))
        case UInt8(ascii: "M"): try push(.integer(Int(try number(UInt16.self))))
        case 0x8A: try pushLong(byteCount: Int(try number(UInt8.self)))
        case 0x8B: try pushLong(byteCount: Int(try number(UInt32.self)))
        case UInt8(ascii: "G"): try push(.real(Double(bitPattern: try number(UInt64.self).byteSwapped)))
        case UInt8(ascii: "X"): try pushText(byteCount: Int(try number(UInt32.self)))
        case 0x8C: try pushText(byteCount: Int(try number(UInt8.self)))
        case 0x8D: try pushText(byteCount: try length())
        case UInt8(ascii: "C"), UInt8(ascii: "U"): try push(.bytes(try take(Int(try number(UInt8.self)))))
        case UInt8(ascii: "B"), UInt8(ascii: "T"): try push(.bytes(try take(Int(try number(UInt32.self)))))
        case 0x8E, 0x96: try push(.bytes(try take(try length())))
        case UInt8(ascii: "q"): try store(Int(try number(UInt8.self)))
        case UInt8(ascii: "r"): try store(Int(try number(UInt32.self)))
        case 0x94: try store(memo.count)
        case UInt8(ascii: "h"): try recall(Int(try number(UInt8.self)))
        case UInt8(ascii: "j"): try recall(Int(try number(UInt32.self)))
        case UInt8(ascii: "c"): try pushGlobal(module: try line(), name: try line())
        case 0x93: try pushGlobalFromStack()
        default: try executeStructure(opcode)
        }
    }

    private mutating func executeStructure(_ opcode: UInt8) throws(FormatFault) {
        switch opcode {
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): try drop()
        case UInt8(ascii: "1"): _ = try itemsAfterMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: ")"): try push(.tuple([]))
        case 0x85...0x87: try pushTuple(count: Int(opcode) - 0x84)
        case UInt8(ascii: "t"): try pushTuple(try itemsAfterMark())
        case UInt8(ascii: "]"), 0x8F: stack.append(try arena.addList([]))
        case UInt8(ascii: "l"), 0x91: stack.append(try arena.addList(try itemsAfterMark()))
        case UInt8(ascii: "}"): stack.append(try arena.addDictionary([]))
        case UInt8(ascii: "d"): try pushDictionary()
        case UInt8(ascii: "a"): try append([try pop()])
        case UInt8(ascii: "e"), 0x90: try append(try itemsAfterMark())
        case UInt8(ascii: "s"): try setItem()
        case UInt8(ascii: "u"): try setItems(try itemsAfterMark())
        case UInt8(ascii: "R"): try reduce()
        case UInt8(ascii: "b"): try build()
        case UInt8(ascii: "Q"): stack.append(try arena.add(.storage(try arena.storage(from: try pop()))))
        default: throw refusedOpcode(opcode)
        }
    }

    private func refusedOpcode(_ opcode: UInt8) -> FormatFault {
        let makesObjects: [UInt8] = [0x81, 0x92, 0x69, 0x6F, 0x82, 0x83, 0x84, 0x50]
        let hex = String(opcode, radix: 16)
        if makesObjects.contains(opcode) {
            return FormatFault(
                "its pickle makes objects or uses extensions (operation 0x\(hex) at byte \(position - 1))",
                code: .checkpointUnsafe)
        }
        return FormatFault("its pickle has the unknown operation 0x\(hex) at byte \(position - 1)")
    }

    // MARK: Calls

    private mutating func reduce() throws(FormatFault) {
        let arguments = try pop()
        let function = try pop()
        guard case .global(let global) = arena.nodes[function], case .tuple(let items) = arena.nodes[arguments] else {
            throw FormatFault("its pickle calls something that is not a name", code: .checkpointUnsafe)
        }
        stack.append(try arena.apply(global, items))
    }

    /// BUILD sets attributes; none of them matters, except the byte order of a NumPy type.
    private mutating func build() throws(FormatFault) {
        let state = try pop()
        let target = try pop()
        if case .numpyType(let kind, _) = arena.nodes[target], case .tuple(let items) = arena.nodes[state],
            items.count > 1, arena.text(items[1]) == ">"
        {
            stack.append(try arena.add(.numpyType(kind, bigEndian: true)))
            return
        }
        stack.append(target)
    }

    private mutating func pushGlobal(module: String, name: String) throws(FormatFault) {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw FormatFault(
                "its pickle asks for the Python object \(quoted("\(module).\(name)")), which is not on the list of "
                    + "harmless ones (loading it in Python could run code)", code: .checkpointUnsafe)
        }
        try push(.global(global))
    }

    private mutating func pushGlobalFromStack() throws(FormatFault) {
        let name = try pop()
        let module = try pop()
        guard let moduleText = arena.text(module), let nameText = arena.text(name) else {
            throw FormatFault("its pickle names a global by something that is not text")
        }
        try pushGlobal(module: moduleText, name: nameText)
    }

    // MARK: Containers

    private mutating func pushTuple(count: Int) throws(FormatFault) {
        let floor = marks.last ?? 0
        guard stack.count - count >= floor else { throw underflow }
        let items = Array(stack.suffix(count))
        stack.removeLast(count)
        try pushTuple(items)
    }

    private mutating func pushTuple(_ items: [Int]) throws(FormatFault) {
        try arena.charge(items.count)
        try push(.tuple(items))
    }

    private mutating func pushDictionary() throws(FormatFault) {
        let items = try itemsAfterMark()
        stack.append(try arena.addDictionary([]))
        try setItems(items)
    }

    private mutating func append(_ items: [Int]) throws(FormatFault) {
        guard case .list(let list) = arena.nodes[try top()] else {
            throw FormatFault("its pickle appends to something that is not a list")
        }
        try arena.append(items, toList: list)
    }

    private mutating func setItem() throws(FormatFault) {
        let value = try pop()
        let key = try pop()
        try setItems([key, value])
    }

    private mutating func setItems(_ items: [Int]) throws(FormatFault) {
        guard items.count % 2 == 0, case .dictionary(let dictionary) = arena.nodes[try top()] else {
            throw FormatFault("its pickle sets items of something that is not a dictionary")
        }
        for key in stride(from: 0, to: items.count, by: 2) {
            try arena.set(items[key + 1], for: items[key], inDictionary: dictionary)
        }
    }

    // MARK: Stack and memo

    private var underflow: FormatFault { FormatFault("its pickle takes a value from an empty stack") }

    private mutating func push(_ node: PickleNode) throws(FormatFault) {
        stack.append(try arena.add(node))
    }

    private mutating func pop() throws(FormatFault) -> Int {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func drop() throws(FormatFault) {
        if let mark = marks.last, mark == stack.count {
            marks.removeLast()
        } else {
            _ = try pop()
        }
    }

    private func top() throws(FormatFault) -> Int {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw underflow }
        return value
    }

    private mutating func itemsAfterMark() throws(FormatFault) -> [Int] {
        guard let mark = marks.popLast() else { throw FormatFault("its pickle has no mark where one is needed") }
        // A copy, not a slice: a slice would make the next change of the stack copy all of it.
        let items = Array(stack[mark...])
        stack.removeLast(items.count)
        return items
    }

    private mutating func store(_ key: Int) throws(FormatFault) {
        memo[key] = try top()
        try arena.charge(1)
    }

    private mutating func recall(_ key: Int) throws(FormatFault) {
        guard let value = memo[key] else { throw FormatFault("its pickle recalls value \(key), which it never stored") }
        stack.append(value)
        try arena.charge(1)
    }

    // MARK: Input

    private mutating func readProtocol() throws(FormatFault) {
        let version = try number(UInt8.self)
        guard (2...5).contains(version) else {
            throw FormatFault("its pickle has protocol \(version)", code: .checkpointUnsupported)
        }
    }

    private mutating func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(FormatFault) -> T {
        guard let value = input.integer(type, at: position) else { throw FormatFault("its pickle is cut short") }
        position += T.bitWidth / 8
        return value
    }

    private mutating func length() throws(FormatFault) -> Int {
        guard let value = Int(exactly: try number(UInt64.self)) else { throw FormatFault("its pickle is cut short") }
        return value
    }

    private mutating func take(_ count: Int) throws(FormatFault) -> ByteRegion {
        guard let bytes = input.slice(at: position, count: count) else { throw FormatFault("its pickle is cut short") }
        position += count
        return bytes
    }

    private mutating func pushText(byteCount: Int) throws(FormatFault) {
        guard let text = try take(byteCount).text() else { throw FormatFault("its pickle has text that is not UTF-8") }
        try push(.text(text))
    }

    /// Python integers of any size; those beyond 64 bits have no use here.
    private mutating func pushLong(byteCount: Int) throws(FormatFault) {
        let bytes = try take(byteCount)
        guard byteCount <= 8 else { return try push(.opaque("a large integer")) }
        var value: UInt64 = 0
        for index in 0..<byteCount { value |= UInt64(bytes[index] ?? 0) << UInt64(8 * index) }
        let unused = UInt64(64 - 8 * byteCount)
        try push(.integer(byteCount == 0 ? 0 : Int(Int64(bitPattern: value << unused) >> Int64(unused))))
    }

    private mutating func line() throws(FormatFault) -> String {
        let start = position
        while let byte = input[position], byte != 0x0A {
            guard position - start < 512 else { throw FormatFault("its pickle has a name longer than 512 bytes") }
            position += 1
        }
        guard position < input.count, let text = input.text(at: start, count: position - start) else {
            throw FormatFault("its pickle is cut short inside a name")
        }
        position += 1
        return text
    }
}
