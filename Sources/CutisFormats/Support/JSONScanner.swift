/// A strict pull parser for JSON: the caller walks the structure that it expects, nothing else is built in memory.
///
/// Foundation's parser keeps one of two equal keys silently and builds the whole tree first; a checkpoint's header
/// is hostile input of up to 100 MB, so neither will do.
struct JSONScanner {
    // Valid for the time of `scan` only, which is the only place that makes a scanner.
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    /// Lends a scanner over the whole text to `body`, and checks that nothing but white space follows what it read.
    static func scan(
        _ text: ByteRegion, _ body: (inout JSONScanner) throws(FormatFault) -> Void
    ) throws(FormatFault) {
        try text.withUnsafeBytes { (bytes) throws(FormatFault) in
            var scanner = JSONScanner(bytes: bytes)
            try body(&scanner)
            scanner.skipSpace()
            guard scanner.position == bytes.count else { throw scanner.fault("text after the end of the value") }
        }
    }

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Reads an object and calls `member` for each key; `member` must read the value.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(FormatFault) -> Void
    ) throws(FormatFault) {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try expect(UInt8(ascii: ":"))
            try member(&self, key)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Reads an array and calls `element` at each value; `element` must read it.
    mutating func array(_ element: (inout JSONScanner) throws(FormatFault) -> Void) throws(FormatFault) {
        try expect(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Reads a string.
    mutating func string() throws(FormatFault) -> String {
        try expect(UInt8(ascii: "\""))
        let start = position
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw fault("a control character in a string") }
            position += 1
        }
        guard current == UInt8(ascii: "\\") else {
            guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
                throw fault("text that is not UTF-8")
            }
            try expect(UInt8(ascii: "\""))
            return text
        }
        return try escapedString(from: start)
    }

    /// Reads an integer ≥ 0 without sign, fraction or exponent.
    mutating func count() throws(FormatFault) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while let byte = current, byte >= 0x30, byte <= 0x39 {
            let (tens, high) = value.multipliedReportingOverflow(by: 10)
            let (next, low) = tens.addingReportingOverflow(Int(byte - 0x30))
            guard !high, !low else { throw fault("a number that is too large") }
            value = next
            position += 1
        }
        let hasLeadingZero = position - start > 1 && bytes[start] == 0x30
        let continues = current == UInt8(ascii: ".") || current == UInt8(ascii: "e") || current == UInt8(ascii: "E")
        guard position > start, !hasLeadingZero, !continues else { throw fault("no integer where one is needed") }
        return value
    }

    /// Reads past one value of any kind.
    mutating func skipValue(depth: Int = 0) throws(FormatFault) {
        guard depth < 64 else { throw fault("nesting deeper than 64") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"):
            try object { (scanner, _) throws(FormatFault) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            try array { (scanner) throws(FormatFault) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        default: try skipWord()
        }
    }

    /// A fault that says where.
    func fault(_ reason: String) -> FormatFault {
        FormatFault("its JSON has \(reason) at byte \(position)")
    }

    private mutating func escapedString(from start: Int) throws(FormatFault) -> String {
        var units = Array(bytes[start..<position])
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: units, as: UTF8.self) else { throw fault("text that is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try appendEscape(to: &units)
            case 0..<0x20: throw fault("a control character in a string")
            default: units.append(byte)
            }
        }
        throw fault("a string without an end")
    }

    private mutating func appendEscape(to units: inout [UInt8]) throws(FormatFault) {
        guard let byte = current else { throw fault("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "u"): units.append(contentsOf: Array(String(try escapedScalar()).utf8))
        default: throw fault("an unknown escape")
        }
    }

    /// The character of `\uXXXX`, or of two of them that form a surrogate pair.
    private mutating func escapedScalar() throws(FormatFault) -> Unicode.Scalar {
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, current == UInt8(ascii: "\\") else { throw fault("half a surrogate pair") }
        position += 1
        guard current == UInt8(ascii: "u") else { throw fault("half a surrogate pair") }
        position += 1
        let low = try hexUnit()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        else { throw fault("half a surrogate pair") }
        return scalar
    }

    private mutating func hexUnit() throws(FormatFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("a bad \\u escape")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// Reads past `true`, `false`, `null` or a number.
    ///
    /// `NaN` and `Infinity` are Python's additions to JSON; Keras graphs hold them (a mask of −∞ is saved as such).
    private mutating func skipWord() throws(FormatFault) {
        for word: StaticString in ["true", "false", "null", "NaN"] where takeWord(word) { return }
        if current == UInt8(ascii: "-") { position += 1 }
        if takeWord("Infinity") { return }
        let start = position
        try skipDigits()
        guard position - start == 1 || bytes[start] != UInt8(ascii: "0") else { throw fault("a leading zero") }
        if current == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try skipDigits()
        }
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, (position..<end).allSatisfy({ bytes[$0] == word.utf8Start[$0 - position] }) else {
            return false
        }
        position = end
        return true
    }

    private mutating func skipDigits() throws(FormatFault) {
        let start = position
        while let byte = current, byte >= 0x30, byte <= 0x39 { position += 1 }
        guard position > start else { throw fault("no value where one is needed") }
    }

    /// The byte at hand, or nil at the end.
    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func expect(_ byte: UInt8) throws(FormatFault) {
        guard take(byte) else { throw fault("no '\(Character(Unicode.Scalar(byte)))' where one is needed") }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }
}
