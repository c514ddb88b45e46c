import CutisTensor
import Foundation
import Testing

/// How far a result is from its reference.
struct Closeness {
    let maximum: Double
    let cosine: Double

    init(_ result: Tensor, _ reference: Tensor) throws {
        let (a, b) = (try result.detach().doubles(), try reference.doubles())
        try #require(result.shape == reference.shape, "\(result.shape) instead of \(reference.shape)")
        // A NaN on either side makes both numbers NaN, and then no comparison holds.
        maximum = zip(a, b).map { abs($0 - $1) }.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
        let dot = zip(a, b).map(*).reduce(0, +)
        cosine = dot / (a.map { $0 * $0 }.reduce(0, +) * b.map { $0 * $0 }.reduce(0, +)).squareRoot()
    }
}

/// Checks one result; with CUTIS_PRINT_ERRORS=1 prints what was measured.
func expectClose(
    _ result: Tensor, _ reference: Tensor, within bound: Double, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let closeness = try Closeness(result, reference)
    if ProcessInfo.processInfo.environment["CUTIS_PRINT_ERRORS"] == "1" {
        print("measured \(what): \(closeness.maximum) of \(bound), 1 - cosine \(1 - closeness.cosine)")
    }
    #expect(closeness.maximum <= bound, "\(what): \(closeness.maximum)", sourceLocation: sourceLocation)
    #expect(closeness.cosine >= 0.99999, "\(what): cosine \(closeness.cosine)", sourceLocation: sourceLocation)
}
