import CutisCore
import CutisImaging
import Foundation
import Testing

/// The figures on which the default limits rest (docs/service.md), on 5,984 dermoscopic images of four cameras.
@Suite(.enabled(if: SharedData.isPresent, "the real data of ../shared/data is not here"))
struct QualityCalibrationTests {
    static let check = ImageQualityCheck()

    struct Tally {
        var count = 0
        var refused: [QualityFinding.Code: Int] = [:]
        var warned: [QualityFinding.Code: Int] = [:]
        var anyRefused = 0
        var anyWarned = 0
        var measures: [String: [Double]] = [:]

        mutating func add(_ quality: ImageQuality) {
            count += 1
            for finding in quality.findings {
                switch finding.severity {
                case .refusal: refused[finding.code, default: 0] += 1
                case .warning: warned[finding.code, default: 0] += 1
                }
            }
            if quality.isRefused { anyRefused += 1 } else if !quality.findings.isEmpty { anyWarned += 1 }
            for (name, value) in quality.measures { measures[name, default: []].append(value) }
        }

        func share(_ number: Int) -> Double { Double(number) / Double(max(count, 1)) }

        func line(_ name: String) -> String {
            func list(_ counts: [QualityFinding.Code: Int]) -> String {
                counts.sorted { $0.key.rawValue < $1.key.rawValue }
                    .map { "\($0.key.rawValue) \(String(format: "%.2f %%", 100 * share($0.value)))" }
                    .joined(separator: ", ")
            }
            let numbers = String(
                format: "%5d  refused %6.2f %%  warned %6.2f %%", count, 100 * share(anyRefused), 100 * share(anyWarned)
            )
            return "\(name.padding(toLength: 22, withPad: " ", startingAt: 0)) \(numbers)  "
                + "refused: \(list(refused)); warned: \(list(warned))"
        }
    }

    static func images() throws -> [URL] {
        try ImageFinder.images(in: SharedData.url("ham10000")).sorted { $0.path < $1.path }
    }

    static func tally(_ urls: [URL], _ degradation: Degradation) throws -> Tally {
        var tally = Tally()
        for url in urls {
            let image = try degradation.apply(to: ImageDecoder.decode(url))
            tally.add(check.assess(image, target: CropSize(224)))
        }
        return tally
    }

    @Test func goodImagesAreAnswered() throws {
        let tally = try Self.tally(Self.images(), .none)
        print(tally.line("HAM10000"))
        for (name, values) in tally.measures.sorted(by: { $0.key < $1.key }) {
            let sorted = values.sorted()
            let ranks = [0, 0.001, 0.005, 0.01, 0.05, 0.5, 0.95, 0.99, 0.995, 0.999, 1].map { rank in
                String(format: "%.4g", sorted[Int((Double(sorted.count - 1) * rank).rounded())])
            }
            print("  \(name.padding(toLength: 16, withPad: " ", startingAt: 0)) \(ranks.joined(separator: "  "))")
        }
        #expect(tally.share(tally.anyRefused) < 0.005)
        #expect(tally.share(tally.anyWarned) < 0.05)
    }

    static let faults: [(Degradation, QualityFinding.Code, refused: Double, found: Double)] = [
        (.blur(1), .blurred, 0.2, 0.8), (.blur(1.5), .blurred, 0.8, 0.98), (.blur(2), .blurred, 0.95, 0.99),
        (.blur(4), .blurred, 0.99, 0.995), (.exposure(0.3), .tooDark, 0, 0.5), (.exposure(0.2), .tooDark, 0, 0.95),
        (.exposure(0.1), .tooDark, 0.99, 1), (.exposure(1.5), .tooBright, 0.2, 0.5),
        (.exposure(2), .tooBright, 0.8, 0.95), (.exposure(3), .tooBright, 0.97, 0.98),
        (.haze(0.1), .lowContrast, 0, 0.5), (.haze(0.03), .lowContrast, 0.5, 0.95),
    ]

    @Test func faultsAreFound() throws {
        let urls = try Self.images()
        let some = stride(from: 0, to: urls.count, by: 15).map { urls[$0] }
        for (degradation, code, leastRefused, leastFound) in Self.faults {
            let tally = try Self.tally(some, degradation)
            print(tally.line("\(degradation)"))
            let refused = tally.share(tally.refused[code] ?? 0)
            let found = refused + tally.share(tally.warned[code] ?? 0)
            #expect(refused >= leastRefused, "\(degradation): \(refused) refused")
            #expect(found >= leastFound, "\(degradation): \(found) found")
        }
    }

    /// Photos of people at a distance are no lesions, and yet skin: whatever is said of them, they are not noise.
    @Test func facesAreSkin() throws {
        for url in try ImageFinder.images(in: SharedData.url("faces")) {
            let quality = Self.check.assess(try ImageDecoder.decode(url), target: CropSize(224))
            print("\(url.lastPathComponent): skin \(quality.measures["skin"] ?? 0), \(quality.findings.map(\.code))")
        }
    }
}
