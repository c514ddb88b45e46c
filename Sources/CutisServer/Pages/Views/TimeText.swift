import Foundation

/// A point in time as pages show it: in UTC, until the browser's script turns it into the reader's own zone.
struct TimeText {
    /// For machines (RFC 3339).
    let iso: String
    /// Day and minute.
    let text: String
    /// The day.
    let date: String

    /// - Parameter milliseconds: since 1970, as records have it.
    init(_ milliseconds: Int64) {
        iso = Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
        date = String(iso.prefix(10))
        text = "\(date) \(iso.dropFirst(11).prefix(5)) UTC"
    }
}
