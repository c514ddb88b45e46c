import CutisServer
import Foundation
import Testing

/// Base64 of untrusted origin: one text for each sequence of bytes, and no other.
@Suite struct Base64Tests {
    static func decode(_ text: String, limit: Int = 1 << 20) -> Result<Data, Base64.Failure> {
        Data(text.utf8).withUnsafeBytes { Base64.decode($0, limit: limit) }
    }

    @Test func everyLengthComesBack() {
        for count in 0..<70 {
            let data = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) })
            let text = data.base64EncodedString()
            #expect(Self.decode(text) == .success(data))
            #expect(Self.decode(String(text.prefix { $0 != "=" })) == .success(data))
        }
    }

    @Test func whatDoesNotBelongIsRefusedWithItsPlace() {
        let cases: [(String, Int)] = [
            ("A", 0), ("AAAAA", 4), ("AA=", 2), ("=", 0), ("==", 1), ("===", 2), ("A===", 1), ("AAAA====", 4),
            ("AA==AAAA", 2), ("AAA=A", 4), ("AA A", 2), ("AAA\n", 3), ("\r\nAA", 0), ("AA-_", 2), ("AAAé", 4),
            ("AAA\u{0}", 3), ("AB", 1), ("AAB", 2), ("AB==", 1), ("AAB=", 2), ("data:image/png;base64,AAAA", 4),
        ]
        for (text, place) in cases {
            #expect(Self.decode(text) == .failure(.invalid(at: place)), "\(text)")
        }
    }

    @Test func nothingIsDecodedBeyondTheLimit() {
        #expect(Self.decode("AAAA", limit: 3) == .success(Data(count: 3)))
        #expect(Self.decode("AAAA", limit: 2) == .failure(.tooLarge))
        #expect(Self.decode("AAAAAA==", limit: 3) == .failure(.tooLarge))
        #expect(Self.decode("!!!!", limit: 2) == .failure(.tooLarge))
        #expect(Self.decode("", limit: 0) == .success(Data()))
    }
}
