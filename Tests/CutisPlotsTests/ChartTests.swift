import CutisPlots
import Foundation
import Testing

@Suite struct ChartTests {
    private static let hostile = "<script>alert('x')</script>&\"\u{0}\u{1}\u{FFFE}é"

    /// One chart of each kind, with a hostile text in every place.
    private static let charts: [Chart] = {
        let text = hostile
        let axis = Axis(text)
        return [
            .lines(text, summary: text, x: axis, y: axis, series: [Series(text, [1, 2]), Series("b", [2, 1])]),
            .unitSquare(text, summary: text, x: text, y: text, series: [Series(text, x: [0, 1], y: [0, 1])]),
            .bars(text, summary: text, [text: 3, "b": -1], values: axis),
            .bars(text, summary: text, [text: 3, "b": -1], values: axis, direction: .vertical),
            .histogram(text, summary: text, edges: [0, 1, 2], series: [BarSeries(text, [1, 2])], x: axis, y: axis),
            .heatMap(
                text, summary: text, rows: [text], columns: [text], values: [[3]], rowTitle: text, columnTitle: text),
        ]
    }()

    @Test(arguments: 0..<6, [ChartStyle.inline, .standalone, .light])
    func everyDrawingIsWellFormedAndAccessible(index: Int, style: ChartStyle) throws {
        let svg = Self.charts[index].svg(style)
        let reading = XMLReading(svg)
        #expect(reading.isWellFormed)
        let root = try #require(reading.elements.first)
        #expect(root.attributes["role"] == "img")
        #expect(root.attributes["aria-label"]?.contains("<script>") == true)
        #expect(reading.all("title").isEmpty == false)
        #expect(reading.all("desc").count == 1)
        #expect(reading.all("script").isEmpty)
        #expect(reading.characters.contains("<script>"))
        #expect(!svg.contains(" id="))
        #expect(!svg.contains("url("))
    }

    @Test func gapsInterruptLinesAndLonePointsAreDots() throws {
        let series = Series("loss", [1, 2, .nan, 3, .infinity, 2, 1, 4])
        let svg = Chart.lines("", series: [series]).svg()
        let path = try #require(XMLReading(svg).all("path", style: "cx-s1").last?["d"])
        #expect(path.filter { $0 == "M" }.count == 2)
        #expect(path.filter { $0 == "L" }.count == 3)
        #expect(XMLReading(svg).all("circle").count == 1)
    }

    @Test func curvesGoWhereTheirValuesAre() throws {
        let chart = Chart.unitSquare("", x: "", y: "", series: [Series("", x: [0, 0.5, 1], y: [0, 1, 1])])
        let path = try #require(XMLReading(chart.svg()).all("path", style: "cx-s1").last?["d"])
        let numbers = path.split { "ML ".contains($0) }.compactMap { Double($0) }
        try #require(numbers.count == 6)
        // Left to right in equal steps; up to the top, then level.
        #expect(abs((numbers[2] - numbers[0]) - (numbers[4] - numbers[2])) < 0.02)
        #expect(numbers[1] > numbers[3])
        #expect(numbers[3] == numbers[5])
    }

    @Test func manyPointsAreThinnedToWhatCanBeSeen() {
        let values = (0..<200_000).map { sin(Double($0) / 20_000) }
        let svg = Chart.lines("", series: [Series("", values)]).svg()
        #expect(svg.utf8.count < 60_000)
    }

    @Test func barsAreAsLongAsTheirValues() throws {
        let chart = Chart.bars("Counts", ["a": 100, "b": 50, "c": 0, "d": .nan])
        let bars = XMLReading(chart.svg()).all("rect", style: "cx-f1").compactMap { $0["width"].flatMap(Double.init) }
        try #require(bars.count == 4)
        #expect(abs(bars[0] - 2 * bars[1]) < 0.05)
        #expect(bars[2] == 0)
        #expect(bars[3] == 0)
        let text = XMLReading(chart.svg()).characters
        #expect(text.contains("100"))
        #expect(text.contains("–"))
    }

    @Test func negativeBarsGrowTheOtherWay() throws {
        let chart = Chart.bars("", ["a": 10, "b": -10], direction: .vertical)
        let bars = XMLReading(chart.svg()).all("rect", style: "cx-f1")
        let tops = bars.compactMap { $0["y"].flatMap(Double.init) }
        let heights = bars.compactMap { $0["height"].flatMap(Double.init) }
        try #require(tops.count == 2 && heights.count == 2)
        #expect(abs(tops[0] + heights[0] - tops[1]) < 0.05)
        #expect(abs(heights[0] - heights[1]) < 0.05)
    }

    @Test func heatMapsShadeByTheChosenWhole() {
        func shades(_ shading: HeatMapShading) -> [String?] {
            let chart = Chart.heatMap(
                "", rows: ["a", "b"], columns: ["a", "b"], values: [[90, 10], [1, 4]], shading: shading)
            return XMLReading(chart.svg()).all("rect", style: "cx-heat").map { $0["fill-opacity"] }
        }
        #expect(shades(.largestOfRow) == ["1", "0.11", "0.25", "1"])
        #expect(shades(.largest) == ["1", "0.11", "0.04", "0.04"])
    }

    @Test func severalSeriesGetALegendAndOneUnnamedDoesNot() {
        let named = Chart.lines("", series: [Series("train", [1, 2]), Series("validation", [1, 3])])
        #expect(XMLReading(named.svg()).characters.contains("validation"))
        let bare = Chart.lines("", series: [Series("", [1, 2])])
        #expect(XMLReading(bare.svg()).all("path", style: "cx-s1").count == 1)
    }

    private static let oddValues: [[Double]] = [
        [], [.nan], [7, 7, 7], [0], [-3, -3], [1e308, -1e308], [1, 1 + 1e-15], [1e-12, 2e-12],
    ]

    @Test(arguments: oddValues)
    func oddDataStillMakesADrawing(values: [Double]) {
        for isLogarithmic in [false, true] {
            let axis = Axis("", isLogarithmic: isLogarithmic)
            let charts = [
                Chart.lines("t", y: axis, series: [Series("s", values)]),
                .bars("t", categories: values.indices.map { "\($0)" }, series: [BarSeries("", values)], values: axis),
                .bars("t", categories: ["one more"], series: [BarSeries("", values)], direction: .vertical),
                .histogram("t", edges: values.sorted(), series: [BarSeries("", values)], x: axis, y: axis),
                .heatMap("t", rows: ["r"], columns: ["a", "b"], values: [values]),
            ]
            for chart in charts {
                let svg = chart.svg(.standalone)
                #expect(XMLReading(svg).isWellFormed)
                #expect(!svg.contains("nan") && !svg.contains("inf"))
                #expect(svg.utf8.count < 30_000)
            }
        }
    }

    @Test func longNamesAreCutAndKeptAsToolTips() {
        let name = String(repeating: "seborrhoeic ", count: 20)
        let svg = Chart.bars("", categories: [name], series: [BarSeries("", [1])]).svg()
        #expect(svg.contains("…"))
        #expect(svg.contains("<title>\(name)</title>"))
    }
}

@Suite struct AxisTests {
    /// The horizontal ticks' texts of a drawing.
    private func ticks(_ axis: Axis, _ values: [Double]) -> [String] {
        let chart = Chart.lines("", x: axis, y: Axis(range: 0...1), series: [Series("", x: values, y: values)])
        let svg = chart.svg()
        return svg.components(separatedBy: "text-anchor=\"middle\">").dropFirst().map {
            String($0.prefix { $0 != "<" })
        }
    }

    @Test func linearTicksAreRoundNumbers() {
        #expect(ticks(Axis(), [0, 10]) == ["0", "2", "4", "6", "8", "10"])
        #expect(ticks(Axis(), [0.03, 0.17]) == ["0", "0.05", "0.10", "0.15", "0.20"])
        #expect(
            ticks(Axis(), [-1500, 4100]) == ["−2,000", "−1,000", "0", "1,000", "2,000", "3,000", "4,000", "5,000"])
    }

    @Test func logarithmicTicksArePowersOfTen() {
        #expect(ticks(Axis(isLogarithmic: true), [1, 4323, 0, -5]) == ["1", "10", "100", "1,000", "10,000"])
        #expect(ticks(Axis(isLogarithmic: true), [1e-5, 1e-3]).first == "1e-5")
    }

    @Test func aGivenRangeIsKept() {
        #expect(ticks(Axis(range: 0...1), [0.4, 7]) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    }

    @Test(arguments: [
        (0.0, "0"), (4323, "4,323"), (0.12345, "0.123"), (12.5, "12.5"), (-7, "−7"), (1.0e9, "1e9"), (2.4e-5, "2.4e-5"),
        (.nan, "–"), (.infinity, "–"), (999.96, "1,000"), (-0.0, "0"), (99.5, "99.5"),
    ])
    func figuresAreShort(value: Double, text: String) {
        #expect(FigureFormat.short(value) == text)
    }

    @Test func figuresWithFixedDecimals() {
        #expect(FigureFormat.grouped(1_234_567.891, decimals: 1) == "1,234,567.9")
        #expect(FigureFormat.grouped(-0.001, decimals: 2) == "0.00")
        #expect(FigureFormat.percent(0.1249) == "12.5%")
    }
}
