import Crypto
package import Foundation

/// The signature of a request by AWS Signature Version 4, its body in one piece
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
package struct S3Signature: Sendable {
    let credentials: S3Credentials
    let region: String

    /// Signs for the service `s3` of a region.
    package init(_ credentials: S3Credentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    /// The headers that a request needs beside its own: the time, the hash of the body, and the signature over them.
    ///
    /// - Parameters:
    ///   - path: percent-encoded (`encoded`).
    ///   - query: names and values that are not encoded yet.
    ///   - headers: all headers that are signed, `Host` among them.
    package func headers(
        method: String, path: String, query: [(String, String)], headers: [(String, String)], body: Data, at time: Date
    ) -> [(String, String)] {
        let stamp = Self.stamp(time)
        let bodyHash = Self.hexadecimal(SHA256.hash(data: body))
        var added = [("x-amz-content-sha256", bodyHash), ("x-amz-date", stamp)]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        let signed = (headers + added).map { ($0.0.lowercased(), $0.1.trimmingCharacters(in: .whitespaces)) }
            .sorted { $0.0 < $1.0 }
        let names = signed.map(\.0).joined(separator: ";")
        let request = [
            method, path, Self.encoded(query), signed.map { "\($0.0):\($0.1)\n" }.joined(), names, bodyHash,
        ].joined(separator: "\n")
        let scope = "\(stamp.prefix(8))/\(region)/s3/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n" + Self.hexadecimal(SHA256.hash(data: Data(request.utf8)))
        let signature = Self.hexadecimal(Self.code(Data(text.utf8), key(day: stamp.prefix(8))))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope),SignedHeaders=\(names),"
            + "Signature=\(signature)"
        return added + [("Authorization", authorization)]
    }

    /// Names and values in the order and form in which they are signed and sent.
    package static func encoded(_ query: [(String, String)]) -> String {
        query.map { (encoded($0.0), encoded($0.1)) }.sorted { $0.0 < $1.0 }.map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }

    /// Percent-encodes everything but A–Z, a–z, 0–9, `-`, `.`, `_`, `~` and what `keeping` names.
    package static func encoded(_ text: String, keeping: String = "") -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                out.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where keeping.utf8.contains(byte): out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    private func key(day: Substring) -> SymmetricKey {
        [String(day), region, "s3", "aws4_request"].reduce(SymmetricKey(data: Data("AWS4\(credentials.secret)".utf8))) {
            SymmetricKey(data: Self.code(Data($1.utf8), $0))
        }
    }

    private static func code(_ data: Data, _ key: SymmetricKey) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: data, using: key)
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// A time such as `20130524T000000Z`.
    private static func stamp(_ time: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: time)
        func text(_ number: Int?, _ width: Int) -> String {
            let digits = String(number ?? 0)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return text(parts.year, 4) + text(parts.month, 2) + text(parts.day, 2) + "T" + text(parts.hour, 2)
            + text(parts.minute, 2) + text(parts.second, 2) + "Z"
    }
}
