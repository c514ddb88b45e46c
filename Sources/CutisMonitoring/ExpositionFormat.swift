/// The text formats in which monitoring systems read metrics.
public enum ExpositionFormat: Sendable, Hashable, CaseIterable {
    /// Prometheus's text format 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// The content type of the answer.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format that an `Accept` header asks for; Prometheus's own where it asks for neither.
    ///
    /// Weights (`q`) decide; for equal weights OpenMetrics is preferred, as Prometheus's scraper does.
    public init(accept: String?) {
        var best: (format: ExpositionFormat, weight: Double)?
        for range in (accept ?? "").split(separator: ",").prefix(32) {
            let parts = range.split(separator: ";").map { $0.trimmed.lowercased() }
            let format: ExpositionFormat
            switch parts.first {
            case "application/openmetrics-text": format = .openMetrics
            case "text/plain", "text/*", "*/*": format = .prometheus
            default: continue
            }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            guard weight > 0 else { continue }
            if let known = best, known.weight > weight || (known.weight == weight && known.format == .openMetrics) {
                continue
            }
            best = (format, weight)
        }
        self = best?.format ?? .prometheus
    }

    func text(_ families: [MetricSnapshot]) -> String {
        var text = ""
        for family in families {
            let base = family.baseName
            // OpenMetrics describes a counter and facts by the name without their suffix, the older format with it.
            let described = self == .openMetrics ? base : family.name
            let kind = self == .prometheus && family.kind == .info ? MetricKind.gauge : family.kind
            text += "# HELP \(described) \(escaped(help: family.help))\n"
            text += "# TYPE \(described) \(kind.rawValue)\n"
            if self == .openMetrics, let unit = ["seconds", "bytes"].first(where: { base.hasSuffix("_\($0)") }) {
                text += "# UNIT \(described) \(unit)\n"
            }
            for sample in family.samples {
                text += base + sample.suffix
                if !sample.labels.isEmpty {
                    let labels = sample.labels.map { "\($0.name)=\"\(escaped(value: $0.value))\"" }
                    text += "{\(labels.joined(separator: ","))}"
                }
                text += " \(sample.value.metricText)\n"
            }
        }
        return self == .openMetrics ? text + "# EOF\n" : text
    }

    private func escaped(help: String) -> String { escaped(help, quotes: self == .openMetrics) }

    private func escaped(value: String) -> String { escaped(value, quotes: true) }

    /// Escapes by scalars: a `Character` can hide a line feed behind a carriage return, or a quote under an accent.
    private func escaped(_ text: String, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

extension MetricSnapshot {
    /// The name without what its kind adds.
    fileprivate var baseName: String {
        switch kind {
        case .counter: String(name.dropLast("_total".count))
        case .info: String(name.dropLast("_info".count))
        case .gauge, .histogram: name
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension Double {
    /// The number as both formats write it.
    var metricText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        return "\(self)"
    }
}
