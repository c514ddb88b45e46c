import Foundation

/// Numbers as reports print them.
enum FigureText {
    /// So many digits after the point.
    static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// Bytes in 10⁶.
    static func megabytes(_ bytes: Int) -> String { "\(fixed(Double(bytes) / 1e6, 2)) MB" }

    /// A share in percent.
    static func percent(_ share: Double) -> String { "\(fixed(100 * share, 2)) %" }
}
