import CutisPlots
import Foundation
import Testing

@Suite struct StyleTests {
    private static let chart = Chart.bars("Counts", ["a": 1])

    /// The colours of a style sheet by the names of their variables: the light ones, then the dark ones.
    private static func palettes() -> [[String: String]] {
        ChartStyle.pageSheet.components(separatedBy: ":root{").dropFirst().map { part in
            var colours: [String: String] = [:]
            for item in part.prefix(while: { $0 != "}" }).split(separator: ";") {
                let pair = item.split(separator: ":")
                if pair.count == 2 { colours[String(pair[0])] = String(pair[1]) }
            }
            return colours
        }
    }

    private static func linear(_ colour: String) -> [Double] {
        let value = Int(colour.dropFirst(), radix: 16) ?? 0
        return [value >> 16, value >> 8 & 255, value & 255].map { channel in
            let share = Double(channel) / 255
            return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
    }

    private static func luminance(_ colour: String) -> Double {
        product([[0.2126, 0.7152, 0.0722]], linear(colour))[0]
    }

    private static func contrast(_ a: String, _ b: String) -> Double {
        let (x, y) = (luminance(a), luminance(b))
        return (max(x, y) + 0.05) / (min(x, y) + 0.05)
    }

    @Test func coloursStandOutFromTheirGround() throws {
        let palettes = Self.palettes()
        try #require(palettes.count == 2)
        for colours in palettes {
            let paper = try #require(colours["--cx-paper"])
            for index in 1...8 {
                #expect(Self.contrast(try #require(colours["--cx-\(index)"]), paper) >= 3)
            }
            #expect(Self.contrast(try #require(colours["--cx-ink"]), paper) >= 7)
            #expect(Self.contrast(try #require(colours["--cx-soft"]), paper) >= 4.5)
        }
    }

    /// Linear RGB as normal and dichromatic eyes see it: Machado, Oliveira and Fernandes 2009, severity 1.
    private static let sights: [[[Double]]] = [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]

    private static func product(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
        matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    /// CIELAB (D65) of a colour as an eye sees it.
    private static func lab(_ colour: String, _ sight: [[Double]]) -> [Double] {
        let seen = product(sight, linear(colour)).map { min(max($0, 0), 1) }
        let toXYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
        let shares = zip(product(toXYZ, seen), [0.95047, 1, 1.08883]).map { value, white -> Double in
            let share = value / white
            return share > 0.008856 ? cbrt(share) : 7.787 * share + 16 / 116
        }
        return [116 * shares[1] - 16, 500 * (shares[0] - shares[1]), 200 * (shares[1] - shares[2])]
    }

    @Test func anyTwoSeriesDifferForColourBlindEyesToo() throws {
        for colours in Self.palettes() {
            for sight in Self.sights {
                let seen = try (1...8).map { Self.lab(try #require(colours["--cx-\($0)"]), sight) }
                for first in 0..<8 {
                    for second in first + 1..<8 {
                        let squares = zip(seen[first], seen[second]).map { ($0 - $1) * ($0 - $1) }
                        #expect(squares.reduce(0, +).squareRoot() >= 12.5)
                    }
                }
            }
        }
    }

    @Test func inlineDrawingsLeaveColoursToThePage() {
        let svg = Self.chart.svg(.inline)
        #expect(!svg.contains("<style>"))
        #expect(!svg.contains("#"))
        #expect(ChartStyle.pageSheet.contains("var(--cx-1)"))
    }

    @Test func filesBringLightAndDarkColours() {
        let file = Self.chart.file
        #expect(file.hasPrefix("<?xml"))
        #expect(file.contains("prefers-color-scheme:dark"))
        #expect(!file.contains("var("))
        #expect(XMLReading(file).isWellFormed)
    }

    @Test func theLightStyleIsPlain() {
        let svg = Self.chart.svg(.light)
        #expect(!svg.contains("@media"))
        #expect(!svg.contains("var("))
    }

    @Test func seriesDifferByMoreThanColour() throws {
        let series = (0..<4).map { Series("s\($0)", [1, 2, Double($0)]) }
        let reading = XMLReading(Chart.lines("", series: series).svg())
        let dashes = (1...4).compactMap { reading.all("path", style: "cx-s\($0)").first?["stroke-dasharray"] }
        #expect(Set(dashes).count == 3)
    }
}

@Suite struct HTMLPageTests {
    private static let page: String = {
        let text = "<b>\"bold\" & 'more'</b>"
        return HTMLPage(
            text, introduction: text,
            sections: [
                .init(text, [.heading(text), .paragraph(text), .warning(text), .list([text])]),
                .init("Figures", [.figures([.init(text, text)]), .charts([.bars(text, [text: 1])])]),
                .init(
                    "Tables",
                    [
                        .table(
                            HTMLTable(text, header: [text, "n", "kind"], rows: [[text, "1", text]], textColumns: [2])),
                        .pictures([
                            HTMLPicture(Data([1, 2, 3]), mediaType: "image/png", alternative: text, caption: text)
                        ]),
                    ]),
            ]
        ).text
    }()

    @Test func allTextIsEscaped() {
        #expect(!Self.page.contains("<b>"))
        #expect(Self.page.contains("&lt;b&gt;&quot;bold&quot; &amp; &#39;more&#39;&lt;/b&gt;"))
    }

    @Test func nothingIsFetchedAndNothingRuns() {
        #expect(!Self.page.contains("<script"))
        #expect(!Self.page.contains("<link"))
        #expect(!Self.page.contains("@import"))
        #expect(!Self.page.contains("url("))
        let sources = Self.page.components(separatedBy: "src=\"").dropFirst()
        #expect(sources.count == 1)
        #expect(sources.allSatisfy { $0.hasPrefix("data:image/png;base64,AQID\"") })
        #expect(Self.page.contains("default-src 'none'"))
    }

    @Test func elementsAreClosedInTheirOrder() {
        let body = Self.page.components(separatedBy: "<body>").last.map { "<body>" + $0 } ?? ""
        let strict = body.replacingOccurrences(of: "</html>", with: "")
            .replacingOccurrences(of: "(<img [^>]*)>", with: "$1/>", options: .regularExpression)
        let reading = XMLReading(strict)
        #expect(reading.isWellFormed)
        #expect(reading.all("section").compactMap { $0["id"] } == ["s1", "s2", "s3"])
        #expect(reading.all("a").compactMap { $0["href"] } == ["#s1", "#s2", "#s3"])
        #expect(reading.all("th").filter { $0["scope"] == "row" }.count == 1)
        #expect(reading.all("td").map { $0["class"] } == ["n", nil])
        #expect(reading.all("img").first?["alt"]?.contains("bold") == true)
    }

    @Test func lightDarkAndPhonesAreProvidedFor() {
        #expect(Self.page.contains("width=device-width"))
        #expect(Self.page.contains("color-scheme:light dark"))
        #expect(Self.page.contains("prefers-color-scheme:dark"))
    }
}
