import Synchronization

/// What a family's numbers mean.
public enum MetricKind: String, Sendable, Hashable {
    /// Only grows; the name ends in `_total`.
    case counter
    /// Rises and falls.
    case gauge
    /// Counts by bucket; the name ends in its unit.
    case histogram
    /// Always 1, what it says is in its labels; the name ends in `_info`.
    case info
}

/// A name, what it means, and its series at one moment.
package struct MetricSnapshot: Sendable {
    var name: String
    var help: String
    var kind: MetricKind
    var samples: [MetricSample]
}

/// What the registry asks of families of any kind.
package protocol AnyMetricFamily: Sendable {
    var name: String { get }
    var kind: MetricKind { get }
    var labelNames: [String] { get }
    func snapshot() -> MetricSnapshot
}

/// All series of one name, told apart by the values of fixed labels.
///
/// The number of series is bounded: values beyond the bound are counted under the label value `other`, so that no
/// caller can fill the memory or the monitoring system with names of its own.
public final class MetricFamily<Series: MetricSeries>: AnyMetricFamily {
    /// The name, by Prometheus's conventions.
    public let name: String
    /// The names of the labels, in the order of their values.
    public let labelNames: [String]
    package let kind: MetricKind
    private let help: String
    private let maximumSeries: Int
    private let make: @Sendable () -> Series
    private let samples: @Sendable (Series, [(name: String, value: String)]) -> [MetricSample]
    private let series = Mutex<[[String]: Series]>([:])

    init(
        name: String, help: String, kind: MetricKind, labelNames: [String], maximumSeries: Int,
        make: @escaping @Sendable () -> Series,
        samples: @escaping @Sendable (Series, [(name: String, value: String)]) -> [MetricSample]
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labelNames = labelNames
        self.maximumSeries = maximumSeries
        self.make = make
        self.samples = samples
        if labelNames.isEmpty { _ = self[] }
    }

    /// The series of these label values, one for each label; it is made at the first use.
    ///
    /// A value is cut to 128 characters.
    public subscript(_ values: String...) -> Series {
        precondition(values.count == labelNames.count, "\(name) has the labels \(labelNames), not \(values.count).")
        return series.withLock { series in
            if let known = series[values] { return known }
            var key = values.map { $0.utf8.count > 128 ? String($0.prefix(128)) : $0 }
            if let known = series[key] { return known }
            if series.count >= maximumSeries {
                key = labelNames.map { _ in "other" }
                if let known = series[key] { return known }
            }
            let new = make()
            series[key] = new
            return new
        }
    }

    /// Forgets the series of these label values.
    public func remove(_ values: String...) {
        series.withLock { _ = $0.removeValue(forKey: values) }
    }

    package func snapshot() -> MetricSnapshot {
        let all = series.withLock { $0 }
        let sorted = all.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return MetricSnapshot(
            name: name, help: help, kind: kind,
            samples: sorted.flatMap { key, series in
                samples(series, Array(zip(labelNames, key)).map { (name: $0.0, value: $0.1) })
            })
    }
}

/// A family whose numbers are asked for when they are read, such as the length of a queue.
struct CollectedFamily: AnyMetricFamily {
    let name: String
    let help: String
    let kind: MetricKind
    let labelNames: [String]
    let collect: @Sendable () -> [(labels: [String], value: Double)]

    func snapshot() -> MetricSnapshot {
        MetricSnapshot(
            name: name, help: help, kind: kind,
            samples: collect().map { labels, value in
                MetricSample(
                    value, suffix: kind == .counter ? "_total" : "",
                    labels: Array(zip(labelNames, labels)).map { (name: $0.0, value: $0.1) })
            })
    }
}
