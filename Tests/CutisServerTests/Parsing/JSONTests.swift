import CutisCore
import CutisServer
import Foundation
import NIOCore
import Testing

/// JSON of untrusted origin: what is read, and what is refused with its place.
@Suite struct JSONTests {
    static func refusal(
        _ bytes: [UInt8], _ limits: JSONDocument.Limits = .init(),
        _ read: (inout JSONFields) throws -> Void = { _ in }
    ) -> CutisError? {
        do {
            var fields = try JSONFields(JSONDocument(ByteBuffer(bytes: bytes), limits: limits))
            try read(&fields)
            return nil
        } catch {
            return error as? CutisError
        }
    }

    static let broken: [(String, String)] = [
        ("", "too early"), (" ", "too early"), ("{", "key"), ("{\"a\"", "colon"), ("{\"a\":", "too early"),
        ("{\"a\":1", "does not end"), ("{\"a\":1,", "key"), ("{\"a\":1,}", "key"), ("{,}", "key"), ("{a:1}", "key"),
        ("{'a':1}", "key"), ("{\"a\" 1}", "colon"), ("{\"a\":1 \"b\":2}", "does not end"), ("[1,]", "character"),
        ("[1 2]", "does not end"), ("[", "too early"), ("[1", "does not end"), ("\"a", "does not end"),
        ("\"a\\\"", "does not end"), ("\"\\", "does not end"), ("\"a\u{0}b\"", "control"), ("\"a\nb\"", "control"),
        ("tru", "character"), ("nul", "character"), ("TRUE", "character"), ("True", "character"),
        ("NaN", "character"), ("Infinity", "character"), ("-", "character"), ("+1", "character"),
        ("01", "something after"), ("-01", "something after"), ("1.", "does not end"), (".5", "character"),
        ("1e", "does not end"), ("1e+", "does not end"), ("0x10", "something after"), ("1_000", "something after"),
        ("{} {}", "something after"), ("{}x", "something after"), ("{}\u{0}", "something after"),
        ("// c\n{}", "character"), ("{}/* c */", "something after"), ("\u{FEFF}{}", "character"),
        (String(repeating: "1", count: 65), "too long"), ("{\"a\":1,\"a\":2}", "twice"),
        ("{\"a\":1,\"\\u0061\":2}", "twice"), ("{\"\\ud800\":1}", "key"), ("{\"\\x\":1}", "key"),
        ("{\"\(String(repeating: "k", count: 257))\":1}", "key"),
    ]

    @Test(arguments: broken)
    func whatIsNoJSONIsRefused(_ text: String, _ word: String) {
        let error = Self.refusal(Array(text.utf8))
        #expect(error?.code == .requestInvalid, "\(text)")
        #expect(error?.message.contains(word) == true, "\(text): \(error?.message ?? "-")")
        #expect(error?.message.contains("byte") == true, "\(text)")
        #expect(error?.remedy.isEmpty == false)
    }

    @Test func bytesThatAreNoTextAreRefused() {
        let wrong: [[UInt8]] = [
            [0xFF], [0xC0, 0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80],
        ]
        for bytes in wrong {
            let value = Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)
            let error = Self.refusal(value) { _ = try $0.optionalText("a") }
            #expect(error?.message.contains("not valid text") == true, "\(bytes)")
            let key = Array("{\"".utf8) + bytes + Array("\":1}".utf8)
            #expect(Self.refusal(key)?.code == .requestInvalid, "\(bytes)")
        }
    }

    @Test func nestingAndNumberOfValuesAreLimited() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            func nested(_ depth: Int) -> [UInt8] {
                let inner = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
                return Array("{\"a\":\(inner)}".utf8)
            }
            #expect(Self.refusal(nested(7), .init(depth: 8, values: 100)) == nil)
            let deep = Self.refusal(nested(8), .init(depth: 8, values: 100))
            #expect(deep?.message.contains("nesting") == true)
            // Far beyond the stack, and without an end.
            let endless = Array(String(repeating: open, count: 1_000_000).utf8)
            #expect(Self.refusal(endless)?.message.contains("nesting") == true)
        }
        let list = Array("{\"a\":[\(Array(repeating: "0", count: 98).joined(separator: ","))]}".utf8)
        #expect(Self.refusal(list, .init(depth: 8, values: 100)) == nil)
        #expect(Self.refusal(list, .init(depth: 8, values: 99))?.message.contains("too many values") == true)
    }

    @Test func escapesBecomeWhatTheyMean() throws {
        let cases: [(String, String?)] = [
            ("a\\\"\\\\\\/\\b\\f\\n\\r\\tz", "a\"\\/\u{8}\u{C}\n\r\tz"), ("\\u00e9", "é"), ("\\u00E9", "é"),
            ("\\ud83d\\ude00", "😀"), ("\\uD83D\\uDE00", "😀"), ("é\\u4e2d", "é中"), ("\\uffff", "\u{FFFF}"),
            ("\\ud83d", nil), ("\\ude00", nil), ("\\ude00\\ud83d", nil), ("\\ud83d\\u0041", nil), ("\\ud83dx", nil),
            ("\\u12", nil), ("\\u12g4", nil), ("\\u+123", nil), ("\\x41", nil), ("\\'", nil),
            ("\\U0041", nil), ("\\u0000", nil),
        ]
        for (escaped, text) in cases {
            var fields = try JSONFields(JSONDocument(ByteBuffer(string: "{\"a\":\"\(escaped)\"}")))
            let found = Result { try fields.optionalText("a") }
            #expect((try? found.get()) == text, "\(escaped)")
            if text == nil, case .failure(let error) = found {
                #expect((error as? CutisError)?.code == .requestInvalid, "\(escaped)")
            }
        }
    }

    @Test func lengthsAreCountedAsJSONSchemaDoes() throws {
        func text(_ value: String, _ most: Int) -> CutisError? {
            Self.refusal(Array("{\"a\":\"\(value)\"}".utf8)) { _ = try $0.optionalText("a", length: 1...most) }
        }
        #expect(text("", 4)?.code == .requestInvalid)
        #expect(text("abcd", 4) == nil)
        #expect(text("abcde", 4) != nil)
        #expect(text(String(repeating: "\\ud83d\\ude00", count: 4), 4) == nil)
        #expect(text(String(repeating: "\\ud83d\\ude00", count: 5), 4) != nil)
        // One letter to the eye, but five code points.
        #expect(text("e\u{301}\u{301}\u{301}\u{301}", 4) != nil)
    }

    @Test func membersAreTakenByNameAndKind() throws {
        let whole: [(String, Int64?)] = [
            ("7", 7), ("7.0", 7), ("7e0", 7), ("0.7e1", 7), ("-0", 0), ("9223372036854775807", .max),
            ("7.5", nil), ("9223372036854775808", nil), ("1e400", nil), ("-1e400", nil), ("\"7\"", nil),
            ("true", nil), ("[7]", nil),
        ]
        for (text, number) in whole {
            var fields = try JSONFields(JSONDocument(ByteBuffer(string: "{\"n\":\(text)}")))
            let found = try? fields.optionalInteger("n", in: 0...Int64.max)
            #expect(found == number, "\(text)")
        }
        let wrong: [(String, (inout JSONFields) throws -> Void)] = [
            ("{\"a\":1}", { _ = try $0.text("a") }), ("{\"a\":null}", { _ = try $0.text("a") }),
            ("{}", { _ = try $0.text("a") }), ("{\"a\":\"true\"}", { _ = try $0.optionalBool("a") }),
            ("{\"a\":1}", { _ = try $0.optionalBool("a") }), ("{\"a\":{}}", { _ = try $0.objects("a", count: 1...2) }),
            ("{\"a\":[1]}", { _ = try $0.objects("a", count: 1...2) }),
            ("{\"a\":[]}", { _ = try $0.objects("a", count: 1...2) }), ("{\"b\":1}", { try $0.finish() }),
            ("{\"A\":\"x\"}", { _ = try $0.text("a") }), ("[]", { _ in }), ("1", { _ in }), ("null", { _ in }),
            ("{\"a\":\"x\\u0000\"}", { _ = try $0.text("a") }),
        ]
        for (text, read) in wrong {
            #expect(Self.refusal(Array(text.utf8), .init(), read)?.code == .requestInvalid, "\(text)")
        }
        let many = Self.refusal(Array("{\"a\":[{},{},{}]}".utf8)) { _ = try $0.objects("a", count: 1...2) }
        #expect(many?.code == .tooManyImages)
    }
}
