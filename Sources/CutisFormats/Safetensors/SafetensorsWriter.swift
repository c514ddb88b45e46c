import CutisCore
public import Foundation

/// One tensor to be written: its name, type and shape, and where its bytes come from.
public struct SafetensorsEntry {
    /// Gives the bytes in order, in as many pieces as is convenient.
    public typealias Source = (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

    /// The tensor's name in the file.
    public let name: String
    /// The type of the elements.
    public let elementType: ElementType
    /// The sizes of the dimensions, outermost first.
    public let shape: [Int]
    fileprivate let source: Source

    /// A tensor whose bytes (row-major, little-endian) are in memory.
    public init(name: String, elementType: ElementType, shape: [Int], bytes: Data) {
        self.init(name: name, elementType: elementType, shape: shape) { write in
            try bytes.withUnsafeBytes { try write($0) }
        }
    }

    /// A tensor whose bytes are made when it is its turn, so that only one tensor is in memory at a time.
    public init(name: String, elementType: ElementType, shape: [Int], streaming source: @escaping Source) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.source = source
    }

    /// A tensor taken over from another checkpoint, read when it is its turn.
    public init(_ tensor: TensorDescription, from archive: any TensorArchive, as name: String? = nil) {
        self.init(name: name ?? tensor.name, elementType: tensor.elementType, shape: tensor.shape) { write in
            try archive.data(for: tensor.name).withUnsafeBytes { try write($0) }
        }
    }
}

/// Writes safetensors files that the reference implementation reads back bit for bit.
public enum SafetensorsWriter {
    /// Writes tensors in the given order, one at a time; the file appears whole or not at all.
    ///
    /// The data section begins at a multiple of 64 bytes (the header is padded with spaces, as the format allows).
    /// Give the tensors in an order of falling element width where every tensor must be aligned in the file.
    ///
    /// - Parameters:
    ///   - tensors: the tensors, with names that are all different and not `__metadata__`.
    ///   - metadata: text beside the tensors; keys are written in sorted order, so equal input gives equal files.
    ///   - url: the file, written through `AtomicOutput`.
    /// - Throws: `.invalidArguments` for names or shapes that the format cannot hold or a source that gives another
    ///   number of bytes than its shape needs; `.outputUnwritable`, `.noSpaceLeft`; what a source throws.
    public static func write(_ tensors: [SafetensorsEntry], metadata: [String: String] = [:], to url: URL) throws {
        let layout = try header(tensors, metadata: metadata)
        try AtomicOutput.file(url) { handle in
            try handle.write(contentsOf: layout.header)
            for (entry, byteCount) in zip(tensors, layout.byteCounts) {
                var written = 0
                try entry.source { piece in
                    written += piece.count
                    guard written <= byteCount else { throw wrongSize(entry, byteCount) }
                    try write(piece, to: handle)
                }
                guard written == byteCount else { throw wrongSize(entry, byteCount) }
            }
        }
    }

    private static func header(
        _ tensors: [SafetensorsEntry], metadata: [String: String]
    ) throws(CutisError) -> (header: Data, byteCounts: [Int]) {
        var names: Set<String> = ["__metadata__"]
        var members: [String] = []
        var byteCounts: [Int] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(json($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for entry in tensors {
            guard names.insert(entry.name).inserted else {
                throw refused("the tensor name \(quoted(entry.name)) is reserved or occurs twice")
            }
            let description = TensorDescription(
                name: entry.name, elementType: entry.elementType, shape: entry.shape)
            guard let description, description.byteCount <= Int.max / 2 - offset else {
                throw refused("tensor \(quoted(entry.name)) has an impossible shape \(entry.shape)")
            }
            let end = offset + description.byteCount
            let shape = entry.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(json(entry.name)):{\"dtype\":\"\(entry.elementType.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            byteCounts.append(description.byteCount)
            offset = end
        }
        var text = Data("{\(members.joined(separator: ","))}".utf8)
        text.append(Data(repeating: 0x20, count: (64 - (text.count + 8) % 64) % 64))
        guard text.count <= SafetensorsHeader.maximumLength else {
            throw refused("the header would be longer than \(SafetensorsHeader.maximumLength) bytes")
        }
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        return (length + text, byteCounts)
    }

    /// Hands a piece to the file in blocks: one write of several GB would stop at 2 GB.
    private static func write(_ piece: UnsafeRawBufferPointer, to handle: FileHandle) throws {
        guard let base = piece.baseAddress else { return }
        let block = 64 << 20
        for start in stride(from: 0, to: piece.count, by: block) {
            let count = min(block, piece.count - start)
            // Valid for the time of the call, which is all that writing needs.
            let bytes = Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: base + start), count: count, deallocator: .none)
            try handle.write(contentsOf: bytes)
        }
    }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func refused(_ reason: String) -> CutisError {
        CutisError(
            .invalidArguments, "The tensors cannot be written as safetensors: \(reason).",
            remedy: "Correct the names and shapes.")
    }

    private static func wrongSize(_ entry: SafetensorsEntry, _ byteCount: Int) -> CutisError {
        refused("tensor \(quoted(entry.name)) of shape \(entry.shape) did not get exactly \(byteCount) bytes")
    }
}
