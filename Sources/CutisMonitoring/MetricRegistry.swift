import Synchronization

/// The metrics of one server, by name; asking twice for a name gives the same family.
///
/// Names follow Prometheus: a prefix of the application, base units (`_seconds`, `_bytes`), `_total` for counters,
/// `_info` for facts (prometheus.io/docs/practices/naming). Labels never hold what belongs to a patient or a case.
public final class MetricRegistry: Sendable {
    private let families = Mutex<[String: any AnyMetricFamily]>([:])

    /// Makes an empty registry.
    public init() {}

    /// A family of numbers that only grow; its name ends in `_total`.
    public func counter(
        _ name: String, help: String, labels: [String] = [], maximumSeries: Int = 200
    ) -> MetricFamily<Counter> {
        precondition(name.hasSuffix("_total"), "The counter \(name) must end in _total.")
        return family(name, help, .counter, labels, maximumSeries, make: Counter.init) {
            [MetricSample($0.value, suffix: "_total", labels: $1)]
        }
    }

    /// A family of numbers that rise and fall.
    public func gauge(
        _ name: String, help: String, labels: [String] = [], maximumSeries: Int = 200
    ) -> MetricFamily<Gauge> {
        family(name, help, .gauge, labels, maximumSeries, make: Gauge.init) { [MetricSample($0.value, labels: $1)] }
    }

    /// A family of facts: the values of the labels say what is so, the number is 1. Its name ends in `_info`.
    public func info(
        _ name: String, help: String, labels: [String], maximumSeries: Int = 200
    ) -> MetricFamily<Gauge> {
        precondition(name.hasSuffix("_info"), "The facts \(name) must end in _info.")
        return family(name, help, .info, labels, maximumSeries, make: Gauge.init) {
            [MetricSample(1, suffix: "_info", labels: $1)]
        }
    }

    /// A family of histograms with fixed bounds.
    public func histogram(
        _ name: String, help: String, labels: [String] = [], bounds: [Double], maximumSeries: Int = 200
    ) -> MetricFamily<Histogram> {
        family(name, help, .histogram, labels, maximumSeries, make: { Histogram(bounds: bounds) }) { series, labels in
            let reading = series.reading
            var below = 0
            var samples: [MetricSample] = []
            for (bound, count) in zip(series.bounds + [.infinity], reading.counts) {
                below += count
                samples.append(
                    MetricSample(
                        Double(below), suffix: "_bucket", labels: labels + [(name: "le", value: bound.metricText)]))
            }
            samples.append(MetricSample(Double(below), suffix: "_count", labels: labels))
            samples.append(MetricSample(reading.sum, suffix: "_sum", labels: labels))
            return samples
        }
    }

    /// A family whose numbers are asked for at each reading.
    ///
    /// - Parameters:
    ///   - kind: `.gauge` or `.counter`.
    ///   - collect: the series with the values of their labels; it is called from any thread and must not wait.
    public func collect(
        _ name: String, help: String, kind: MetricKind = .gauge, labels: [String] = [],
        _ collect: @escaping @Sendable () -> [(labels: [String], value: Double)]
    ) {
        precondition(kind == .gauge || kind == .counter, "\(name): only gauges and counters are collected.")
        precondition(kind != .counter || name.hasSuffix("_total"), "The counter \(name) must end in _total.")
        check(name, labels)
        families.withLock {
            $0[name] = CollectedFamily(name: name, help: help, kind: kind, labelNames: labels, collect: collect)
        }
    }

    /// All families as text, in the order of their names.
    public func exposition(_ format: ExpositionFormat) -> String {
        let families = families.withLock { Array($0.values) }
        return format.text(families.sorted { $0.name < $1.name }.map { $0.snapshot() })
    }

    private func family<Series: MetricSeries>(
        _ name: String, _ help: String, _ kind: MetricKind, _ labels: [String], _ maximumSeries: Int,
        make: @escaping @Sendable () -> Series,
        samples: @escaping @Sendable (Series, [(name: String, value: String)]) -> [MetricSample]
    ) -> MetricFamily<Series> {
        check(name, labels)
        return families.withLock { families in
            if let known = families[name] {
                guard let same = known as? MetricFamily<Series>, same.kind == kind, same.labelNames == labels else {
                    preconditionFailure("The metric \(name) is there already, of another kind or with other labels.")
                }
                return same
            }
            let new = MetricFamily<Series>(
                name: name, help: help, kind: kind, labelNames: labels, maximumSeries: maximumSeries, make: make,
                samples: samples)
            families[name] = new
            return new
        }
    }

    private func check(_ name: String, _ labels: [String]) {
        for word in [name] + labels {
            let isName =
                word.utf8.first.map { !(48...57).contains($0) } ?? false
                && word.utf8.allSatisfy {
                    $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                }
            precondition(isName, "\(word) is no name of a metric or a label.")
        }
        precondition(!labels.contains("le") && Set(labels).count == labels.count, "\(name): labels \(labels)")
    }
}
