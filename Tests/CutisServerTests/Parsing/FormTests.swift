import CutisCore
import CutisServer
import Foundation
import NIOCore
import Testing

/// Forms and queries of untrusted origin.
@Suite struct FormTests {
    private static let type = "multipart/form-data; boundary=b-7"
    private static let head = "--b-7\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"

    static func parts(
        _ text: String, type: String = type, limit: Int = 8
    ) -> Result<[(name: String, isFile: Bool, content: String)], CutisError> {
        Result { () throws(CutisError) in
            try MultipartForm(ByteBuffer(string: text), contentType: type, partLimit: limit).parts
        }.map { $0.map { ($0.name, $0.isFile, String(buffer: $0.content)) } }
    }

    @Test func contentsComeBackAsTheyAre() throws {
        let contents = [
            "", "x", "\r\n", "\r\n\r\n", "\n--b-7", "\r--b-7", "\r\n--b-", "\r\n-b-7", "--", "\r\n--",
            "\u{0}\u{1}", "Content-Disposition: form-data; name=\"x\"\r\n\r\ny",
            "--c\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n--c--\r\n",
        ]
        for content in contents {
            let parts = try Self.parts(Self.head + content + "\r\n--b-7--\r\n").get()
            #expect(parts.count == 1 && parts.first?.content == content, "\(content.debugDescription): \(parts)")
        }
        let all = contents.map { Self.head + $0 + "\r\n" }.joined() + "--b-7--"
        #expect(try Self.parts(all, limit: 20).get().map(\.content) == contents)
    }

    @Test func whatStandardsAllowIsRead() throws {
        let forms = [
            "preamble\r\n" + Self.head + "x\r\n--b-7--", Self.head + "x\r\n--b-7--epilogue\r\n--b-7\r\n",
            "--b-7 \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b-7--",
            "--b-7\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION:form-data;name=a\r\n\r\nx\r\n--b-7--",
            "--b-7\r\nContent-Disposition: form-data; filename=\"a;name=\\\"z\\\".jpg\"; name=\"a\"\r\n\r\nx\r\n--b-7--",
        ]
        for form in forms {
            let parts = try Self.parts(form).get()
            #expect(parts.map(\.name) == ["a"] && parts.map(\.content) == ["x"], "\(form.debugDescription): \(parts)")
        }
        #expect(try Self.parts("--b-7--\r\n").get().isEmpty)
        let accent =
            "--b-7\r\nContent-Disposition: form-data; name=\"\u{301}a\"; filename=\"\u{301}\"\r\n\r\nx\r\n--b-7--"
        #expect(try Self.parts(accent).get().map { "\($0.name) \($0.isFile)" } == ["\u{301}a true"])
        let boundaries: [(String, String?)] = [
            ("multipart/form-data; boundary=b", "b"), ("multipart/form-data;boundary=\"b c\"", "b c"),
            ("multipart/form-data; charset=utf-8; BOUNDARY=b", "b"), ("multipart/form-data", nil),
            ("multipart/form-data; boundary", nil), ("multipart/form-data; boundary=", nil),
            ("multipart/form-data; boundary=\"\"", nil), ("multipart/form-data; boundary=\"b \"", nil),
            ("multipart/form-data; boundary=\(String(repeating: "b", count: 70))", String(repeating: "b", count: 70)),
            ("multipart/form-data; boundary=\(String(repeating: "b", count: 71))", nil),
            ("multipart/form-data; boundary=é", nil), ("multipart/form-data; boundary=\"b\u{1}\"", nil),
            ("multipart/form-data; xboundary=b", nil),
        ]
        for (type, boundary) in boundaries { #expect(MultipartForm.boundary(of: type) == boundary, "\(type)") }
    }

    static let broken: [(String, String)] = [
        ("", "boundary"), ("nothing of it", "boundary"), ("--b-8\r\n", "boundary"), ("\n--b-7\r\n", "boundary"),
        ("--b-7", "does not end its line"), ("--b-7\n", "does not end its line"),
        ("--b-7x\r\n", "does not end its line"), ("--b-7-\r\n", "does not end its line"),
        ("--b-7\r\n", "headers"), ("--b-7\r\n\r\n", "headers"), ("--b-7\r\n\r\nx\r\n--b-7--", "headers"),
        ("--b-7\r\n\r\nx\r\n\r\n\r\n--b-7--", "no name"),
        ("--b-7\r\nContent-Disposition: form-data; name=\"a\"\r\n", "headers"),
        ("--b-7\nContent-Disposition: form-data; name=\"a\"\n\nx\n--b-7--", "does not end its line"),
        ("--b-7\r\nContent-Type: text/plain\r\n\r\nx\r\n--b-7--", "no name"),
        ("--b-7\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b-7--", "no name"),
        ("--b-7\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n--b-7--", "no name"),
        ("--b-7\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\nx\r\n--b-7--", "no name"),
        (head, "last boundary"), (head + "x", "last boundary"), (head + "x\r\n", "last boundary"),
        (head + "x\r\n--b-7", "does not end its line"), (head + "x\r\n--b-7\r\n", "headers"),
        (head + "x\r\n--b-7y\r\n--b-7--", "does not end its line"),
        // Headers that end in the next part.
        ("--b-7\r\nX: y\r\n" + head + "x\r\n--b-7--", "headers of a part do not end"),
        ("--b-7\r\n" + head + "x\r\n--b-7--", "headers of a part do not end"),
    ]

    @Test(arguments: broken)
    func whatIsNoFormIsRefused(_ form: String, _ words: String) {
        guard case .failure(let error) = Self.parts(form) else {
            Issue.record("\(form.debugDescription) was not refused")
            return
        }
        #expect(error.code == .requestInvalid && error.message.contains(words), "\(form.debugDescription): \(error)")
    }

    @Test func partsAndTheirHeadersAreLimited() throws {
        let part = Self.head + "x\r\n"
        #expect(try Self.parts(String(repeating: part, count: 8) + "--b-7--").get().count == 8)
        guard case .failure(let many) = Self.parts(String(repeating: part, count: 9) + "--b-7--") else {
            Issue.record("nine parts of eight were read")
            return
        }
        #expect(many.code == .tooManyImages)
        let long = "X: " + String(repeating: "y", count: MultipartForm.headerLimit)
        guard case .failure(let large) = Self.parts("--b-7\r\n\(long)\r\n" + part.dropFirst(7) + "--b-7--") else {
            Issue.record("large headers were read")
            return
        }
        #expect(large.code == .requestInvalid && large.message.contains("\(MultipartForm.headerLimit)"))
    }

    @Test func queriesAreReadOrRefused() throws {
        let good: [(String, [String: String])] = [
            ("", [:]), ("a=1", ["a": "1"]), ("a", ["a": ""]), ("a=", ["a": ""]), ("a=1=2", ["a": "1=2"]),
            ("a=x+y%2Bz", ["a": "x y+z"]), ("%61=%C3%A9", ["a": "é"]), ("&&a=1&", ["a": "1"]),
            ("a=%26%3D", ["a": "&="]), ("=1", ["": "1"]), ("a=%F0%9F%98%80", ["a": "😀"]),
        ]
        for (text, fields) in good { #expect(try QueryFields(query: text).fields == fields, "\(text)") }
        let bad = [
            "a=%", "a=%1", "a=%zz", "a=%FF", "a=%C3", "%C0%80=1", "a=%ED%A0%80", "a=1&a=2", "a=1&%61=2", "a&a",
            String(repeating: "a=1&", count: 1001), (0...1000).map { "a\($0)=1" }.joined(separator: "&"),
        ]
        for text in bad {
            #expect {
                try QueryFields(query: text)
            } throws: {
                ($0 as? CutisError)?.code == .requestInvalid
            }
        }
        #expect(try QueryFields(query: (0..<1000).map { "a\($0)=1" }.joined(separator: "&")).fields.count == 1000)
        for text in ["a=%00", "a=x%00y", "a=\(String(repeating: "x", count: 9))"] {
            var query = try QueryFields(query: text)
            if case .success = Result(catching: { try query.text("a", length: 1...8) }) {
                Issue.record("\(text) was not refused")
            }
        }
        for text in ["a=1.0", "a=0x1", "a=", "a=%20 1", "a=9", "a=-1", "a=99999999999999999999"] {
            var query = try QueryFields(query: text)
            #expect((try? query.integer("a", in: 0...8)) == nil, "\(text)")
        }
        // Forms of pages pass over what is no text and say so.
        let form = FormFields(ByteBuffer(string: "a=1&b=%FF&c=3"))
        #expect(form.isDamaged && form.first("a") == "1" && form.first("b") == nil && form.first("c") == "3")
    }
}
