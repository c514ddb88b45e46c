package import CutisCore
import Foundation
package import NIOCore

/// A form with files (`multipart/form-data`, RFC 7578) of untrusted origin, read in one pass without copies.
package struct MultipartForm {
    /// One field or file.
    package struct Part {
        package var name: String
        /// Whether the sender calls it a file; its name is not kept, for it may be a patient's.
        package var isFile: Bool
        package var content: ByteBuffer
    }

    /// The most bytes of the headers of one part.
    package static let headerLimit = 8 << 10

    package let parts: [Part]

    /// Reads a form.
    ///
    /// - Parameters:
    ///   - contentType: the request's `Content-Type`, which names the boundary.
    ///   - partLimit: the most parts.
    /// - Throws: `CutisError` with `.requestInvalid`.
    package init(_ buffer: ByteBuffer, contentType: String, partLimit: Int) throws(CutisError) {
        guard let boundary = Self.boundary(of: contentType) else {
            throw Self.wrong("the Content-Type has no boundary of 1–70 characters")
        }
        let view = buffer.readableBytesView
        let places: Result<[(String, Bool, Range<Int>)], CutisError> = view.withUnsafeBytes { raw in
            do throws(CutisError) {
                return .success(try Self.read(raw, boundary: boundary, partLimit: partLimit))
            } catch {
                return .failure(error)
            }
        }
        parts = try places.get().map { name, isFile, range in
            let content = buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count)
            return Part(name: name, isFile: isFile, content: content ?? ByteBuffer())
        }
    }

    /// The boundary that a `Content-Type` names, nil where it names none that the standard allows.
    package static func boundary(of contentType: String) -> String? {
        guard let text = parameter("boundary", of: contentType[...]), (1...70).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !text.hasSuffix(" ")
        else { return nil }
        return text
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, boundary: String, partLimit: Int
    ) throws(CutisError) -> [(String, Bool, Range<Int>)] {
        let dash = Array("--\(boundary)".utf8)
        let line = Array("\r\n--\(boundary)".utf8)
        // Text before the first boundary is allowed and ignored.
        guard var position = starts(bytes, 0, dash) ? 0 : find(line, in: bytes, from: 0).map({ $0 + 2 }) else {
            throw wrong("the boundary of the Content-Type is not in it")
        }
        var parts: [(String, Bool, Range<Int>)] = []
        while true {
            position += dash.count
            if starts(bytes, position, Array("--".utf8)) { return parts }
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
            guard starts(bytes, position, Array("\r\n".utf8)) else { throw wrong("a boundary does not end its line") }
            guard parts.count < partLimit else {
                throw CutisError(
                    .tooManyImages, "The form has more than \(partLimit) parts.", remedy: "Split the request.")
            }
            let (name, isFile, start) = try header(bytes, from: position + 2)
            guard let end = find(line, in: bytes, from: position) else { throw wrong("its last boundary is missing") }
            // A part without the empty line after its headers would take the next part's headers for its own.
            guard end >= start - 2 else { throw wrong("the headers of a part do not end") }
            parts.append((name, isFile, start..<max(start, end)))
            position = end + 2
        }
    }

    /// The name of a part, whether it is a file, and where its content starts.
    private static func header(
        _ bytes: UnsafeRawBufferPointer, from start: Int
    ) throws(CutisError) -> (String, Bool, Int) {
        let window = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + headerLimit)])
        guard let length = find(Array("\r\n\r\n".utf8), in: window, from: 0) else {
            throw wrong("the headers of a part do not end within \(headerLimit) bytes")
        }
        let text = String(decoding: window[..<length], as: UTF8.self)
        for field in text.split(separator: "\r\n") {
            guard let colon = field.firstIndex(of: ":"), field[..<colon].lowercased() == "content-disposition" else {
                continue
            }
            let value = field[field.index(after: colon)...]
            guard let name = parameter("name", of: value), !name.isEmpty else { break }
            return (name, parameter("filename", of: value) != nil, start + length + 4)
        }
        throw wrong("a part has no name")
    }

    /// A parameter of a header's value, quoted or not.
    ///
    /// By code points: an accent after a quote would be one character with it.
    private static func parameter(_ name: String, of value: Substring) -> String? {
        var rest = value.unicodeScalars.drop { $0 != ";" }
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            guard let equals = rest.firstIndex(where: { $0 == "=" || $0 == ";" }) else { return nil }
            let key = String(rest[..<equals])
            guard rest[equals] == "=" else {
                rest = rest[equals...]
                continue
            }
            rest = rest[rest.index(after: equals)...]
            let found: String
            if rest.first == "\"" {
                var text = String.UnicodeScalarView()
                var isEscaped = false
                rest = rest.dropFirst()
                while let scalar = rest.popFirst() {
                    if isEscaped {
                        isEscaped = false
                    } else if scalar == "\\" {
                        isEscaped = true
                        continue
                    } else if scalar == "\"" {
                        break
                    }
                    text.append(scalar)
                }
                found = String(text)
            } else {
                found = String(rest.prefix { $0 != ";" }).trimmingCharacters(in: .whitespaces)
            }
            rest = rest.drop { $0 != ";" }
            if key.lowercased() == name { return found }
        }
        return nil
    }

    private static func starts(_ bytes: UnsafeRawBufferPointer, _ position: Int, _ text: [UInt8]) -> Bool {
        position + text.count <= bytes.count && text.indices.allSatisfy { bytes[position + $0] == text[$0] }
    }

    private static func find(_ text: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, let first = text.first else { return nil }
        var position = start
        while position + text.count <= bytes.count {
            let rest = bytes.count - text.count + 1 - position
            guard let found = memchr(base + position, Int32(first), rest) else { return nil }
            position = UnsafeRawPointer(found) - base
            if memcmp(base + position, text, text.count) == 0 { return position }
            position += 1
        }
        return nil
    }

    private static func wrong(_ what: String) -> CutisError {
        CutisError(
            .requestInvalid, "The form cannot be read: \(what).",
            remedy: "Send multipart/form-data as browsers and curl write it.")
    }
}
