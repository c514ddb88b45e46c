/// A statement as PostgreSQL wants it: `$1`, `$2`, … where the portable text has `?`.
package struct PostgresStatement: Sendable, Hashable {
    package let text: String
    /// How many arguments the statement takes.
    package let argumentCount: Int

    /// Converts a portable statement.
    ///
    /// A `?` in a string, a quoted name, a dollar-quoted body or a comment stays as it is.
    package init(_ portable: String) {
        var scanner = Scanner(bytes: Array(portable.utf8))
        while scanner.step() {}
        text = String(decoding: scanner.out, as: UTF8.self)
        argumentCount = scanner.count
    }

    private struct Scanner {
        let bytes: [UInt8]
        var out: [UInt8] = []
        var count = 0
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
            out.reserveCapacity(bytes.count + 16)
        }

        /// Takes one character or one quoted part; false at the end.
        mutating func step() -> Bool {
            guard position < bytes.count else { return false }
            switch bytes[position] {
            case UInt8(ascii: "?"):
                count += 1
                out += Array("$\(count)".utf8)
                position += 1
            case UInt8(ascii: "'"): copy(to: endOfQuote(escapes: isEscapeString))
            case UInt8(ascii: "\""): copy(to: endOfQuote(escapes: false))
            case UInt8(ascii: "$"): copy(to: endOfDollarQuote() ?? position + 1)
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                copy(to: bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count)
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): copy(to: endOfComment())
            default: copy(to: position + 1)
            }
            return true
        }

        private mutating func copy(to end: Int) {
            out += bytes[position..<end]
            position = end
        }

        private func peek(_ offset: Int) -> UInt8? {
            bytes.indices.contains(position + offset) ? bytes[position + offset] : nil
        }

        /// Whether the quote here opens `E'…'`, where a backslash escapes.
        private var isEscapeString: Bool {
            guard position > 0, [UInt8(ascii: "E"), UInt8(ascii: "e")].contains(bytes[position - 1]) else {
                return false
            }
            return position == 1 || !Self.isNamePart(bytes[position - 2])
        }

        /// A doubled quote ends one part and opens the next, which needs no case of its own.
        private func endOfQuote(escapes: Bool) -> Int {
            var index = position + 1
            while index < bytes.count, bytes[index] != bytes[position] {
                index += escapes && bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            return min(index + 1, bytes.count)
        }

        private func endOfDollarQuote() -> Int? {
            // In a name or an argument's number, a dollar sign opens nothing.
            if position > 0, Self.isNamePart(bytes[position - 1]) { return nil }
            guard let tagEnd = bytes[(position + 1)...].firstIndex(where: { !Self.isNamePart($0) }),
                bytes[tagEnd] == UInt8(ascii: "$"),
                !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position + 1])
            else { return nil }
            let tag = bytes[position...tagEnd]
            var index = tagEnd + 1
            while index + tag.count <= bytes.count {
                if bytes[index..<index + tag.count].elementsEqual(tag) { return index + tag.count }
                index += 1
            }
            return bytes.count
        }

        /// Comments nest in PostgreSQL.
        private func endOfComment() -> Int {
            var depth = 0
            var index = position
            while index + 1 < bytes.count {
                switch (bytes[index], bytes[index + 1]) {
                case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                    depth += 1
                    index += 2
                case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                    depth -= 1
                    index += 2
                    if depth == 0 { return index }
                default: index += 1
                }
            }
            return bytes.count
        }

        private static func isNamePart(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
                true
            default: false
            }
        }
    }
}
