import CutisCore
import CutisMonitoring
import CutisService
import Foundation

/// The figures of the last minutes as the engineers' page shows them.
struct OperationPresenter {
    let metrics: ServiceMetrics
    let models: [ModelStatus]
    let messages: MessageCatalogue

    var view: EngineerView {
        EngineerView(
            since: messages.text("engineer.since", ["minutes": minutes]), tiles: tiles, charts: charts,
            models: models.sorted { ($0.facts.identity.id, $0.served) > ($1.facts.identity.id, $1.served) }.map(row))
    }

    private var minutes: String { "\(metrics.requests.span.components.seconds / 60)" }

    private var tiles: [EngineerView.Tile] {
        let requests = metrics.requests.summary()
        let queues = metrics.queueReadings().values
        let waiting = queues.map(\.rows).reduce(0, +)
        let oldest = messages.text(
            "engineer.oldest", ["time": Self.milliseconds(queues.map(\.oldestSeconds).max() ?? 0)])
        func tile(
            _ key: String, _ value: String, unit: String = "", note: String? = nil, isBad: Bool = false
        ) -> EngineerView.Tile {
            EngineerView.Tile(
                name: messages.choice("figures", key), value: value, unit: unit, note: note, style: isBad ? "bad" : "")
        }
        let quantiles = [("p50", requests.p50), ("p95", requests.p95), ("p99", requests.p99)].map { key, value in
            tile(key, value.map(Self.milliseconds) ?? "–", unit: value == nil ? "" : "ms")
        }
        return quantiles + [
            tile("rate", Self.short(requests.rate), unit: messages.text("engineer.per_second")),
            tile(
                "queue", "\(waiting)", unit: messages.text("engineer.rows"), note: waiting > 0 ? oldest : nil),
            tile(
                "errors", "\(requests.failures)",
                note: messages.text("engineer.of_requests", ["count": "\(requests.count)"]),
                isBad: requests.failures > 0),
        ]
    }

    private var charts: [ChartView] {
        let requests = metrics.requests.series()
        let waits = metrics.waits.series()
        let inferences = metrics.inferences.series()
        return [
            quantiles("latency", requests), bars("throughput", requests) { Double($0.count) },
            quantiles("inference", inferences), quantiles("wait", waits),
            bars("failures", requests) { Double($0.failures) },
        ]
    }

    private func quantiles(_ key: String, _ series: [WindowSummary]) -> ChartView {
        let highest = series.compactMap(\.p99).max() ?? 0
        let lines = [("first", "p50", \WindowSummary.p50), ("second", "p95", \.p95), ("third", "p99", \.p99)]
            .map { style, name, path in
                ChartView.Line(
                    points: ChartView.points(series.map { $0[keyPath: path] }, highest: highest), style: style,
                    name: name)
            }
        let latest = series.last { $0.count > 0 }?.p50
        return chart(
            key, latest: latest.map { "\(Self.milliseconds($0)) ms" } ?? "–",
            highest: "\(Self.milliseconds(highest)) ms", lines: lines)
    }

    private func bars(
        _ key: String, _ series: [WindowSummary], _ value: (WindowSummary) -> Double
    ) -> ChartView {
        let values = series.map(value)
        return chart(
            key, latest: Self.short(values.last ?? 0), highest: Self.short(values.max() ?? 0),
            bars: ChartView.bars(values))
    }

    private func chart(
        _ key: String, latest: String, highest: String, lines: [ChartView.Line] = [], bars: [ChartView.Bar] = []
    ) -> ChartView {
        let title = messages.choice("charts", key)
        return ChartView(
            title: title, latest: latest,
            description: messages.text(
                "engineer.chart", ["title": title, "latest": latest, "highest": highest]),
            lines: lines, bars: bars, legend: !lines.isEmpty,
            from: messages.text("engineer.ago", ["minutes": minutes]), until: messages.text("engineer.now"),
            scale: messages.text("engineer.highest", ["value": highest]))
    }

    private func row(_ status: ModelStatus) -> EngineerView.Model {
        let facts = status.facts
        return EngineerView.Model(
            id: facts.identity.id, version: facts.identity.version, task: facts.task.rawValue,
            state: messages.choice("model_states", status.state.rawValue),
            style: status.state == .active ? "" : "off", answered: "\(status.served)",
            memory: "\(status.memoryBytes >> 20) MiB", hash: String(facts.hash.prefix(12)))
    }

    private static func milliseconds(_ seconds: Double) -> String { short(seconds * 1000) }

    /// Three digits are enough.
    private static func short(_ value: Double) -> String {
        value >= 100 || value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.1f", value)
    }
}
