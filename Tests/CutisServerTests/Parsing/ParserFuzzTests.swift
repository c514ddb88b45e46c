import CutisCore
import CutisServer
import Foundation
import NIOCore
import Testing

/// Damaged requests are read rightly or refused: what a parser accepts, written again, is read as the same.
///
/// Short by default; CUTIS_FUZZ_ITERATIONS sets the number of inputs of each parser, CUTIS_FUZZ_SEED the first of them.
@Suite struct ParserFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let iterations = environment["CUTIS_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 20_000
    private static let seed = environment["CUTIS_FUZZ_SEED"].flatMap(UInt64.init) ?? 1

    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }

    /// Runs a body on damaged forms of some texts; it says whether the parser took them.
    private static func damaging(
        _ seeds: [String], _ tokens: [String], _ parser: String, _ body: ([UInt8], Int) throws -> Bool
    ) throws {
        var taken = 0
        for iteration in 0..<iterations {
            var generator = Generator(state: seed &+ UInt64(iteration))
            var bytes = Array(seeds[iteration % seeds.count].utf8)
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                let end = min(place + Int.random(in: 0...8, using: &generator), bytes.count)
                switch Int.random(in: 0..<6, using: &generator) {
                case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 2: bytes.removeSubrange(place..<end)
                case 3: bytes.removeLast(bytes.count - place)
                case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
                default:
                    bytes.insert(contentsOf: Array((tokens.randomElement(using: &generator) ?? "").utf8), at: place)
                }
            }
            if try body(bytes, iteration) { taken += 1 }
        }
        print("fuzz: \(iterations) inputs of \(parser), \(taken) taken")
        #expect(taken > iterations / 100 && taken < iterations)
    }

    // MARK: JSON

    @Test func damagedJSONIsReadAsFoundationReadsItOrRefused() throws {
        let seeds = [
            TestServer.analyzeBody(),
            "{\"a\":[1,-2.5e-3,true,false,null,{\"b\":\"x\\u00e9\\ud83d\\ude00\\n\"}],\"é\":{}}",
            "{\"inputs\":[{\"name\":\"image\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[0.1,0.2,3e2]}]}",
            "[[],{}]",
        ]
        let tokens = [
            "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "1e5", "-0", "\\ud83d", "\\u0000", "\u{0}", "é",
            "\"a\":1,", "00", ".", " \n",
        ]
        try Self.damaging(seeds, tokens, "JSON") { bytes, iteration in
            let document: JSONDocument
            do throws(CutisError) {
                document = try JSONDocument(ByteBuffer(bytes: bytes), limits: .init(depth: 12, values: 200))
            } catch {
                #expect(error.code == .requestInvalid && error.message.contains("byte"))
                return false
            }
            // Texts are looked at when they are asked for.
            guard let mine = try? Self.value(document.root, document) else { return false }
            let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            let text = String(decoding: bytes, as: UTF8.self)
            if let other {
                #expect(mine == Self.value(other), "\(iteration) of seed \(Self.seed): \(text)")
            } else {
                // The one thing that Foundation refuses and that is good JSON: numbers beyond a Double.
                #expect(mine.hasHugeNumber, "\(iteration) of seed \(Self.seed): \(text)")
            }
            return true
        }
    }

    private indirect enum Value: Equatable {
        case null
        case bool(Bool)
        case number(Double)
        case text(String)
        case list([Value])
        case object([String: Value])

        var hasHugeNumber: Bool {
            switch self {
            case .number(let number): !number.isFinite
            case .list(let values): values.contains { $0.hasHugeNumber }
            case .object(let members): members.values.contains { $0.hasHugeNumber }
            default: false
            }
        }
    }

    private static func value(_ node: JSONDocument.Node, _ document: JSONDocument) throws -> Value {
        switch node {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .number(let place):
            .number(
                try #require(Double(document.withBytes(place) { String(decoding: $0, as: UTF8.self) })))
        case .string(let range, let isEscaped): .text(try document.text(range, isEscaped: isEscaped))
        case .array(let nodes): .list(try nodes.map { try value($0, document) })
        case .object(let members):
            .object(try Dictionary(uniqueKeysWithValues: members.map { ($0.key, try value($0.value, document)) }))
        }
    }

    private static func value(_ any: Any) -> Value {
        switch any {
        case is NSNull: return .null
        case let text as String: return .text(text)
        case let list as [Any]: return .list(list.map(value))
        case let object as [String: Any]: return .object(object.mapValues(value))
        // Foundation's truth values are numbers of one byte, which no JSON number becomes.
        case let number as NSNumber where ["c", "B"].contains(String(cString: number.objCType)):
            return .bool(number.boolValue)
        case let number as NSNumber: return .number(number.doubleValue)
        default: return .null
        }
    }

    // MARK: Base64

    @Test func damagedBase64IsTheOneTextOfItsBytesOrRefused() throws {
        let seeds = (0..<40).map { count in
            Data((0..<count).map { UInt8(truncatingIfNeeded: $0 * 91 + count) }).base64EncodedString()
        }
        try Self.damaging(seeds, ["=", "==", "\n", " ", "A", "-", "_", "+", "/", "\u{0}"], "base64") {
            bytes, iteration in
            guard let data = try? bytes.withUnsafeBytes({ try Base64.decode($0, limit: 64).get() }) else {
                return false
            }
            let padded = data.base64EncodedString()
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(
                text == padded || text == String(padded.prefix { $0 != "=" }),
                "\(iteration) of seed \(Self.seed): \(text)")
            #expect(data.count <= 64)
            return true
        }
    }

    // MARK: Forms

    @Test func damagedFormsAreReadTheSameWhenTheyAreWrittenAgain() throws {
        let part = "Content-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg"
        let seeds = [
            "--b\r\n\(part)\r\n\r\n\u{1}\u{2}\r\n\r\n--\r\n--b\r\nContent-Disposition: form-data; name=p\r\n\r\nP\r\n--b--\r\n",
            "x\r\n--b\r\n\(part)\r\n\r\n\r\n--b--", "--b  \r\n\(part)\r\n\r\n--c\r\n\(part)\r\n\r\ny\r\n--c--\r\n--b--",
        ]
        let tokens = [
            "\r\n", "\n", "\r", "--b", "\r\n--b\r\n", "\r\n--b--", "--", ";", "\"", "name=", "\r\n\r\n", "\\", "\u{0}",
            "Content-Disposition: form-data; name=\"q\"\r\n\r\n", ":",
        ]
        let type = "multipart/form-data; boundary=b"
        try Self.damaging(seeds, tokens, "forms") { bytes, iteration in
            let parts: [MultipartForm.Part]
            do throws(CutisError) {
                parts = try MultipartForm(ByteBuffer(bytes: bytes), contentType: type, partLimit: 6).parts
            } catch {
                #expect(error.code == .requestInvalid || error.code == .tooManyImages)
                return false
            }
            var written = ByteBuffer()
            for part in parts {
                let name = part.name.replacingOccurrences(of: "\\", with: "\\\\")
                    .replacingOccurrences(of: "\"", with: "\\\"")
                let file = part.isFile ? "; filename=\"f\"" : ""
                written.writeString("--b\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n")
                written.writeImmutableBuffer(part.content)
                written.writeString("\r\n")
            }
            written.writeString("--b--\r\n")
            let again = try MultipartForm(written, contentType: type, partLimit: 6).parts
            #expect(
                again.map(\.name) == parts.map(\.name) && again.map(\.isFile) == parts.map(\.isFile)
                    && again.map(\.content) == parts.map(\.content), "\(iteration) of seed \(Self.seed)")
            return true
        }
    }

    // MARK: Queries

    @Test func damagedQueriesAreReadTheSameWhenTheyAreWrittenAgain() throws {
        let seeds = ["patient_id=P%201&clinic_id=north&explain=false", "a=%F0%9F%98%80+x&b&c=%2B", "=&x=1=2"]
        let tokens = ["%", "%00", "%FF", "%C3%A9", "&", "=", "+", "é", "a=1&", "%25", "\u{0}", ";"]
        try Self.damaging(seeds, tokens, "queries") { bytes, iteration in
            guard let text = String(validating: bytes, as: UTF8.self),
                let query = try? QueryFields(query: text)
            else { return false }
            let none = CharacterSet()
            let written = query.fields.map { name, value in
                let encoded = [name, value].map { $0.addingPercentEncoding(withAllowedCharacters: none) ?? "?" }
                return encoded.joined(separator: "=")
            }
            let again = try QueryFields(query: written.joined(separator: "&"))
            #expect(again.fields == query.fields, "\(iteration) of seed \(Self.seed): \(text.debugDescription)")
            return true
        }
    }
}
