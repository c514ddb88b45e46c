import CutisCore
import Foundation
import NIOCore

/// An inference request of the Open Inference Protocol: the images that its one input holds.
struct InferenceOrder {
    /// The most images, and the most pixels of one edge of a tensor.
    static let imageLimit = 16
    static let edgeLimit = 4096
    /// The most numbers of a tensor in JSON: beyond, a file as BYTES is smaller by far.
    static let numberLimit = 1_500_000

    var id: String?
    var images: [Data]

    init(_ body: ByteBuffer, limits: ServerConfiguration.Limits) throws(CutisError) {
        let document = try JSONDocument(body, limits: .init(depth: 10, values: Self.numberLimit + 1000))
        var fields = try JSONFields(document)
        id = try fields.optionalText("id", length: 1...256)
        var inputs = try fields.objects("inputs", count: 1...1)
        _ = fields.node("parameters")
        _ = fields.node("outputs")
        try fields.finish()
        let name = try inputs[0].text("name", length: 1...64)
        guard name == "image" else { throw inputs[0].wrong("name", "must be image") }
        let shape = try inputs[0].shape()
        _ = inputs[0].node("parameters")
        switch try inputs[0].text("datatype", length: 1...16) {
        case "BYTES":
            images = try inputs[0].base64List("data", count: 1...Self.imageLimit, limit: limits.imageBytes)
            guard shape == [images.count] || shape == [images.count, 1] else {
                throw inputs[0].wrong("shape", "must be [\(images.count)], the number of entries of data")
            }
        case "UINT8": images = try Self.pixels(&inputs[0], shape, document)
        default: throw inputs[0].wrong("datatype", "must be BYTES (base64 of files) or UINT8 (pixels)")
        }
        try inputs[0].finish()
    }

    private static func pixels(
        _ input: inout JSONFields, _ shape: [Int], _ document: JSONDocument
    ) throws(CutisError) -> [Data] {
        guard shape.count == 4, (1...imageLimit).contains(shape[0]), (1...edgeLimit).contains(shape[1]),
            (1...edgeLimit).contains(shape[2]), shape[3] == 3
        else { throw input.wrong("shape", "must be [n, height, width, 3] with n to 16 and edges to 4096") }
        let size = shape[1] * shape[2] * 3
        guard let node = input.node("data") else { throw input.wrong("data", "is missing") }
        var numbers: [UInt8] = []
        numbers.reserveCapacity(min(shape[0] * size, numberLimit))
        guard flatten(node, document, into: &numbers) else {
            throw input.wrong("data", "must hold whole numbers from 0 to 255, flat or nested")
        }
        guard numbers.count == shape[0] * size else {
            throw input.wrong("data", "has \(numbers.count) numbers, the shape says \(shape[0] * size)")
        }
        return (0..<shape[0]).map { index in
            PlainPNG.encode(numbers[index * size..<(index + 1) * size], width: shape[2], height: shape[1])
        }
    }

    /// - Returns: whether everything was a number of a byte.
    private static func flatten(_ node: JSONDocument.Node, _ document: JSONDocument, into out: inout [UInt8]) -> Bool {
        switch node {
        case .array(let nodes): return nodes.allSatisfy { flatten($0, document, into: &out) }
        case .number(let range):
            let value: UInt8? = document.withBytes(range) { bytes in
                guard (1...3).contains(bytes.count) else { return nil }
                let number = bytes.reduce(0) { ($1 >= 48 && $1 <= 57) ? $0 * 10 + Int($1 - 48) : 1000 }
                return UInt8(exactly: number)
            }
            guard let value else { return false }
            out.append(value)
            return true
        default: return false
        }
    }
}

extension JSONFields {
    /// The whole numbers of a shape.
    fileprivate mutating func shape() throws(CutisError) -> [Int] {
        guard case .array(let nodes)? = node("shape"), (1...8).contains(nodes.count) else {
            throw wrong("shape", "is not an array of 1–8 numbers")
        }
        var shape: [Int] = []
        for node in nodes {
            guard case .number(let range) = node,
                let number = document.withBytes(range, { Int(String(decoding: $0, as: UTF8.self)) }),
                (0...1 << 31).contains(number)
            else { throw wrong("shape", "holds something else than whole numbers") }
            shape.append(number)
        }
        return shape
    }
}
