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

    private static func luminance(_ colour: String) -> Double {
        let value = Int(colour.dropFirst(), radix: 16) ?? 0
        let channels = [value >> 16, value >> 8 & 255, value & 255].map { channel -> Double in
            let share = Double(channel) / 255
            return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
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
