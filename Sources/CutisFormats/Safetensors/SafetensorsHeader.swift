/// The parsed and checked header of a safetensors file.
///
/// The same rules as the reference implementation (safetensors, `Metadata::validate`): tensors lie one after the
/// other without holes or overlaps and end at the end of the file. Keys that occur twice are refused.
struct SafetensorsHeader {
    /// The longest header that the reference implementation accepts.
    static let maximumLength = 100_000_000

    private(set) var tensors: [String: TensorDescription] = [:]
    private(set) var unsupported: [String: String] = [:]
    private(set) var metadata: [String: String] = [:]
    /// Where a tensor begins in the file.
    private(set) var offsets: [String: Int] = [:]

    private struct Span {
        let name: String
        let begin: Int
        let end: Int
    }

    /// Reads the header of a whole file.
    init(_ file: ByteRegion) throws(FormatFault) {
        guard let length = file.integer(UInt64.self, at: 0) else {
            throw FormatFault("it is shorter than the 8 bytes that give the header's length")
        }
        guard length <= Self.maximumLength, Int(length) <= file.count - 8 else {
            throw FormatFault("its header claims \(length) bytes, the file has \(file.count)")
        }
        let dataStart = 8 + Int(length)
        guard let text = file.slice(at: 8, count: Int(length)), text[0] == UInt8(ascii: "{") else {
            throw FormatFault("its header does not begin with '{'")
        }
        var spans: [Span] = []
        var sawMetadata = false
        try JSONScanner.scan(text) { (scanner) throws(FormatFault) in
            try scanner.object { (scanner, name) throws(FormatFault) in
                if name == "__metadata__" {
                    guard !sawMetadata else { throw FormatFault("its header has two '__metadata__' entries") }
                    sawMetadata = true
                    try readMetadata(&scanner)
                } else {
                    try readTensor(name, &scanner, dataStart: dataStart, into: &spans)
                }
            }
        }
        try check(spans, dataCount: file.count - dataStart)
    }

    private mutating func readMetadata(_ scanner: inout JSONScanner) throws(FormatFault) {
        try scanner.object { (scanner, key) throws(FormatFault) in
            let value = try scanner.string()
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw FormatFault("its metadata has the key \(quoted(key)) twice")
            }
        }
    }

    private mutating func readTensor(
        _ name: String, _ scanner: inout JSONScanner, dataStart: Int, into spans: inout [Span]
    ) throws(FormatFault) {
        var type: String?
        var shape: [Int]?
        var range: [Int]?
        try scanner.object { (scanner, key) throws(FormatFault) in
            switch key {
            case "dtype" where type == nil: type = try scanner.string()
            case "shape" where shape == nil: shape = try Self.counts(&scanner, atMost: 64)
            case "data_offsets" where range == nil: range = try Self.counts(&scanner, atMost: 2)
            default: throw FormatFault("tensor \(quoted(name)) has an unexpected or repeated key \(quoted(key))")
            }
        }
        guard let type, let shape, let range, range.count == 2, range[0] <= range[1] else {
            throw FormatFault("tensor \(quoted(name)) lacks a dtype, a shape or two ordered data_offsets")
        }
        guard offsets[name] == nil else { throw FormatFault("tensor \(quoted(name)) occurs twice") }
        guard range[1] <= Int.max - dataStart else {
            throw FormatFault("tensor \(quoted(name)) lies beyond the end of the file")
        }
        guard spans.count < FormatLimits.maximumTensors else { throw FormatLimits.tooManyTensors }
        offsets[name] = dataStart + range[0]
        spans.append(Span(name: name, begin: range[0], end: range[1]))
        guard let elementType = ElementType(rawValue: type) else {
            unsupported[name] = "its element type \(quoted(type)) is not supported"
            return
        }
        guard let tensor = TensorDescription(name: name, elementType: elementType, shape: shape) else {
            throw FormatFault("tensor \(quoted(name)) has an impossible shape")
        }
        guard tensor.byteCount == range[1] - range[0] else {
            throw FormatFault(
                "tensor \(quoted(name)) of shape \(shape) and type \(type) needs \(tensor.byteCount) bytes, "
                    + "its data_offsets give \(range[1] - range[0])")
        }
        tensors[name] = tensor
    }

    private static func counts(_ scanner: inout JSONScanner, atMost limit: Int) throws(FormatFault) -> [Int] {
        var values: [Int] = []
        try scanner.array { (scanner) throws(FormatFault) in
            guard values.count < limit else { throw scanner.fault("more than \(limit) numbers") }
            values.append(try scanner.count())
        }
        return values
    }

    private func check(_ spans: [Span], dataCount: Int) throws(FormatFault) {
        var position = 0
        for span in spans.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard span.begin == position else {
                let kind = span.begin < position ? "overlaps another tensor" : "leaves a gap before it"
                throw FormatFault("tensor \(quoted(span.name)) \(kind)")
            }
            position = span.end
        }
        guard position == dataCount else {
            let kind = position > dataCount ? "it is cut short" : "it has bytes that belong to no tensor"
            throw FormatFault("its tensors need \(position) bytes and it holds \(dataCount): \(kind)")
        }
    }
}
