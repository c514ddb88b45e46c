import CutisCore

/// Reads the one kind of Python literal that a NumPy header is:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct NpyLiteral {
    private let bytes: ByteRegion
    private var position = 0

    init(_ bytes: ByteRegion) {
        self.bytes = bytes
    }

    mutating func header() throws(FormatFault) -> (type: String, fortranOrder: Bool, shape: [Int]) {
        var type: String?
        var fortranOrder: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where type == nil: type = try descriptor()
            case "fortran_order" where fortranOrder == nil: fortranOrder = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default: throw FormatFault("its header has an unexpected or repeated key \(quoted(key))")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == bytes.count, let type, let fortranOrder, let shape else {
            throw FormatFault("its header lacks descr, fortran_order or shape, or goes on after them")
        }
        return (type, fortranOrder, shape)
    }

    /// A type name; a list of fields (a structured array) is not supported.
    private mutating func descriptor() throws(FormatFault) -> String {
        if take("[") || take("(") {
            throw FormatFault("it holds records, not a plain array", code: .checkpointUnsupported)
        }
        return try string()
    }

    private mutating func string() throws(FormatFault) -> String {
        let quote: Unicode.Scalar = take("'") ? "'" : "\""
        if quote == "\"" { try expect("\"") }
        let start = position
        while let byte = bytes[position], byte != UInt8(quote.value) {
            guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\"), position - start < 64 else {
                throw FormatFault("its header has an unreadable text")
            }
            position += 1
        }
        let text = bytes.text(at: start, count: position - start) ?? ""
        position += 1
        return text
    }

    private mutating func boolean() throws(FormatFault) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where bytes.matches(Array(word.utf8), at: position) {
            position += word.utf8.count
            return value
        }
        throw FormatFault("its header says neither True nor False for fortran_order")
    }

    private mutating func tuple() throws(FormatFault) -> [Int] {
        var sizes: [Int] = []
        try expect("(")
        while !take(")") {
            guard sizes.count < 64 else { throw FormatFault("its shape has more than 64 dimensions") }
            sizes.append(try number())
            if !take(",") {
                try expect(")")
                break
            }
        }
        return sizes
    }

    private mutating func number() throws(FormatFault) -> Int {
        skipSpace()
        let start = position
        while let byte = bytes[position], byte >= 0x30, byte <= 0x39 { position += 1 }
        guard position - start <= 19, let text = bytes.text(at: start, count: position - start), let value = Int(text)
        else { throw FormatFault("its shape has something that is not a size") }
        // Python 2 wrote long integers with an L.
        if bytes[position] == UInt8(ascii: "L") { position += 1 }
        return value
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FormatFault) {
        guard take(character) else { throw FormatFault("its header has no '\(character)' where one is needed") }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = bytes[position], UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = bytes[position], byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }
}
