import CutisCore

/// Lists the members of a group that is stored as a symbol table: a B-tree of symbol nodes and a heap of names.
enum HDF5Group {
    /// A name in a group and the address of its object header.
    struct Member {
        let name: String
        let address: Int
    }

    /// Reads the members that a symbol-table message leads to, in the order of the tree (by name).
    static func members(_ message: ByteRegion, _ cursor: inout HDF5Cursor) throws(FormatFault) -> [Member] {
        let inner = HDF5Cursor(message)
        guard let tree = Int(exactly: try inner.number(UInt64.self, at: 0)),
            let heapAddress = Int(exactly: try inner.number(UInt64.self, at: 8))
        else { throw FormatFault("a group lies beyond the end of the file") }
        try cursor.expect("HEAP", at: heapAddress)
        let heapSize = try cursor.length(at: heapAddress + 8)
        let heap = try cursor.slice(at: try cursor.length(at: heapAddress + 24), count: heapSize)
        var members: [Member] = []
        var names: Set<String> = []
        for node in try symbolNodes(below: tree, &cursor) {
            try cursor.expect("SNOD", at: node)
            let count = Int(try cursor.number(UInt16.self, at: node + 6))
            for entry in 0..<count {
                let member = try self.member(at: node + 8 + 40 * entry, heap, &cursor)
                guard names.insert(member.name).inserted else {
                    throw FormatFault("a group has the member \(quoted(member.name)) twice")
                }
                members.append(member)
            }
        }
        return members
    }

    /// The addresses of the symbol nodes, left to right.
    private static func symbolNodes(below root: Int, _ cursor: inout HDF5Cursor) throws(FormatFault) -> [Int] {
        var nodes: [Int] = []
        // Depth first; each level must be one below its parent's, so there are no cycles.
        var pending: [(address: Int, level: UInt8?)] = [(root, nil)]
        while let (address, level) = pending.popLast() {
            try cursor.spend()
            if level == .max {
                nodes.append(address)
                continue
            }
            try cursor.expect("TREE", at: address)
            let kind = try cursor.number(UInt8.self, at: address + 4)
            let own = try cursor.number(UInt8.self, at: address + 5)
            guard kind == 0, own < 32, level == nil || level == own else {
                throw FormatFault("the tree of a group is inconsistent at byte \(address)")
            }
            let count = Int(try cursor.number(UInt16.self, at: address + 6))
            for child in (0..<count).reversed() {
                // Below level 0 are symbol nodes, marked by the level -1 (as 255).
                pending.append((try cursor.length(at: address + 32 + 16 * child), own &- 1))
            }
        }
        return nodes
    }

    private static func member(
        at address: Int, _ heap: ByteRegion, _ cursor: inout HDF5Cursor
    ) throws(FormatFault) -> Member {
        try cursor.spend()
        let nameOffset = try cursor.length(at: address)
        guard try cursor.number(UInt32.self, at: address + 16) != 2 else {
            throw FormatFault("it has a soft link", code: .checkpointUnsupported)
        }
        guard let rest = heap.slice(at: nameOffset, count: min(1024, max(0, heap.count - nameOffset))) else {
            throw FormatFault("a name lies outside its heap")
        }
        let name = try HDF5Attribute.zeroTerminated(rest)
        guard !name.isEmpty, name.utf8.count < rest.count, !name.contains("/"), name != ".", name != ".." else {
            throw FormatFault("it has the impossible name \(quoted(name))")
        }
        return Member(name: name, address: try cursor.length(at: address + 8))
    }
}
