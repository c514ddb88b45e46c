/// The place of a request in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/).
struct TraceContext: Sendable, Hashable {
    /// 32 hexadecimal digits that all requests of one trace share.
    var traceID: String
    /// 16 hexadecimal digits of what this server does for the trace.
    var spanID: String
    /// The span that called, nil where this server starts the trace.
    var parentID: String?
    /// Whether the caller records the trace.
    var isSampled: Bool

    /// A new trace.
    init() {
        var generator = SystemRandomNumberGenerator()
        traceID = Self.digits(generator.next()) + Self.digits(generator.next() | 1)
        spanID = Self.digits(generator.next() | 1)
        parentID = nil
        isSampled = false
    }

    /// Continues the trace of a `traceparent` header; a header that breaks the specification starts a new trace, as
    /// the specification asks.
    init(header: String?) {
        self.init()
        guard let header else { return }
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHexadecimal(parts[0], 2), parts[0] != "ff",
            parts[0] != "00" || parts.count == 4,
            Self.isHexadecimal(parts[1], 32), parts[1].contains(where: { $0 != "0" }),
            Self.isHexadecimal(parts[2], 16), parts[2].contains(where: { $0 != "0" }),
            Self.isHexadecimal(parts[3], 2), let flags = UInt8(parts[3], radix: 16)
        else { return }
        traceID = String(parts[1])
        parentID = String(parts[2])
        isSampled = flags & 1 == 1
    }

    /// The `traceparent` header that names this server's span.
    var header: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
