public import CutisCore
public import CutisMonitoring
import Synchronization

/// Why a batch went to the model when it did.
public enum DispatchReason: String, Sendable, Hashable, CaseIterable {
    /// A replica was idle.
    case idle
    /// A replica became free and took what waited.
    case drain
    /// As many images as fit went together.
    case full
    /// The longest wait for more images was over.
    case delay
    /// A batch had failed; each of its requests went alone.
    case retry
}

/// A model's queue at one moment.
public struct QueueReading: Sendable, Hashable {
    /// Images that wait.
    public var rows: Int
    /// Images that are in the model.
    public var runningRows: Int
    /// How long the oldest request has waited, in seconds.
    public var oldestSeconds: Double
    /// For how long the longest pass of those under way has gone on, in seconds; a model that hangs shows here.
    public var passSeconds: Double
    /// The measured time for one image of a full batch, in seconds; nil before the first one.
    public var rowSeconds: Double?
}

/// The service's own metrics: one place for their names, labels and bounds.
///
/// No label ever holds what belongs to a patient, a case or a user.
public final class ServiceMetrics: Sendable {
    /// All metrics, the process's own among them, for `/metrics`.
    public let registry: MetricRegistry
    /// HTTP requests of the last five minutes.
    public let requests: RollingWindow
    /// Waits in the queues of the last five minutes.
    public let waits: RollingWindow
    /// Passes through models of the last five minutes; a pass is one value however many images it has.
    public let inferences: RollingWindow
    /// Images through models of the last five minutes; the duration is that of their batch by image.
    public let rows: RollingWindow
    /// Decoding and resizing of the last five minutes.
    public let preparations: RollingWindow

    private let httpSeconds: MetricFamily<Histogram>
    private let queueSeconds: MetricFamily<Histogram>
    private let inferenceSeconds: MetricFamily<Histogram>
    private let explanationSeconds: MetricFamily<Histogram>
    private let preparationSeconds: MetricFamily<Histogram>
    private let batchRows: MetricFamily<Histogram>
    private let dispatches: MetricFamily<Counter>
    private let predictions: MetricFamily<Counter>
    private let refusals: MetricFamily<Counter>
    private let unrecorded: MetricFamily<Counter>
    private let failures: MetricFamily<Counter>
    private let modelInfo: MetricFamily<Gauge>
    private let modelChanges: MetricFamily<Counter>
    private let queues: QueueReadings

    /// Makes the metrics.
    ///
    /// - Parameters:
    ///   - registry: where they are registered; further parts of a server add theirs to it.
    ///   - clock: by which the windows tell the time.
    public init(registry: MetricRegistry = MetricRegistry(), clock: MonotonicClock = .system) {
        self.registry = registry
        requests = RollingWindow(clock: clock)
        waits = RollingWindow(clock: clock)
        inferences = RollingWindow(clock: clock)
        rows = RollingWindow(clock: clock)
        preparations = RollingWindow(clock: clock)
        httpSeconds = registry.histogram(
            "cutis_http_request_duration_seconds", help: "Time from a request's head to the end of its answer.",
            labels: ["route", "method", "status"], bounds: Histogram.seconds, maximumSeries: 500)
        queueSeconds = registry.histogram(
            "cutis_inference_queue_seconds", help: "How long requests waited for a model.", labels: ["model"],
            bounds: Histogram.waits)
        inferenceSeconds = registry.histogram(
            "cutis_inference_duration_seconds", help: "Time of one pass through a model.", labels: ["model"],
            bounds: Histogram.seconds)
        explanationSeconds = registry.histogram(
            "cutis_explanation_duration_seconds", help: "Time of one explanation.", labels: ["model"],
            bounds: Histogram.seconds)
        preparationSeconds = registry.histogram(
            "cutis_image_preparation_seconds", help: "Time to decode, judge and resize an image.",
            bounds: Histogram.seconds)
        batchRows = registry.histogram(
            "cutis_batch_rows", help: "Images that went through a model together.", labels: ["model"],
            bounds: Histogram.rows)
        dispatches = registry.counter(
            "cutis_batch_dispatch_total", help: "Batches by the reason for which they went when they did.",
            labels: ["reason"])
        predictions = registry.counter(
            "cutis_predictions_total", help: "Answers by the model and the most probable class.",
            labels: ["model", "class"], maximumSeries: 1000)
        refusals = registry.counter(
            "cutis_requests_refused_total", help: "Requests that were refused, by problem code.", labels: ["code"])
        unrecorded = registry.counter(
            "cutis_unrecorded_reads_total",
            help: "Readings of patients' data that the audit trail could not take, because the store was full or away.")
        failures = registry.counter(
            "cutis_inference_failures_total", help: "Requests that a model could not answer.", labels: ["model"])
        modelInfo = registry.info(
            "cutis_model_info", help: "The models that are loaded.",
            labels: ["model", "version", "sha256", "precision"])
        modelChanges = registry.counter(
            "cutis_model_changes_total", help: "Models loaded, activated, unloaded, released and refused.",
            labels: ["event"])
        queues = QueueReadings()
        let queues = queues
        registry.collect("cutis_queue_rows", help: "Images that wait for a model.", labels: ["model"]) {
            queues.byModel().map { (labels: [$0.key], value: Double($0.value.rows)) }
        }
        registry.collect("cutis_inference_rows", help: "Images that are in a model.", labels: ["model"]) {
            queues.byModel().map { (labels: [$0.key], value: Double($0.value.runningRows)) }
        }
        registry.collect(
            "cutis_queue_oldest_seconds", help: "How long the oldest waiting request has waited.", labels: ["model"]
        ) {
            queues.byModel().map { (labels: [$0.key], value: $0.value.oldestSeconds) }
        }
        registry.collect(
            "cutis_inference_running_seconds", help: "For how long the longest pass under way has gone on.",
            labels: ["model"]
        ) {
            queues.byModel().map { (labels: [$0.key], value: $0.value.passSeconds) }
        }
        registry.collectProcess()
    }

    /// Counts an HTTP request.
    ///
    /// - Parameters:
    ///   - route: the route's template, such as `/api/v1/analyses/{id}`, never the address itself.
    ///   - seconds: from the request's head to the end of its answer.
    public func httpRequest(route: String, method: String, status: Int, seconds: Double) {
        httpSeconds[route, method, "\(status)"].observe(seconds)
        requests.record(seconds: seconds, failed: status >= 500)
    }

    /// Counts an answer by its most probable class.
    public func prediction(model: ModelIdentity, class label: String) {
        predictions[model.id, label].increment()
    }

    /// Counts a request that was refused.
    public func refused(_ code: ErrorCode) {
        refusals[code.rawValue].increment()
    }

    func sawUnrecorded() {
        unrecorded[].increment()
    }

    /// The queues of all models by the model's id.
    public func queueReadings() -> [String: QueueReading] { queues.byModel() }

    func waited(_ seconds: Double, model: String) {
        queueSeconds[model].observe(seconds)
        waits.record(seconds: seconds)
    }

    func dispatched(_ reason: DispatchReason, rows: Int, model: String) {
        dispatches[reason.rawValue].increment()
        batchRows[model].observe(Double(rows))
    }

    func inferred(rows: Int, seconds: Double, failed: Bool, model: String) {
        inferenceSeconds[model].observe(seconds)
        inferences.record(seconds: seconds, failed: failed)
        for _ in 0..<rows { self.rows.record(seconds: seconds / Double(rows), failed: failed) }
    }

    func explained(seconds: Double, model: String) {
        explanationSeconds[model].observe(seconds)
    }

    func failed(model: String) {
        failures[model].increment()
    }

    func prepared(seconds: Double, failed: Bool) {
        preparationSeconds[].observe(seconds)
        preparations.record(seconds: seconds, failed: failed)
    }

    func changed(_ event: ModelEvent) {
        modelChanges[event.kind.rawValue].increment()
        guard let facts = event.facts else { return }
        let identity = facts.identity
        switch event.kind {
        case .loaded: modelInfo[identity.id, identity.version, facts.hash, facts.precision].set(1)
        case .released: modelInfo.remove(identity.id, identity.version, facts.hash, facts.precision)
        case .activated, .unloaded, .refused: break
        }
    }

    func follow(_ queue: InferenceQueue) { queues.follow(queue) }
}

/// Asks the queues that exist; a queue that is gone drops out.
private final class QueueReadings: Sendable {
    private struct Entry: Sendable {
        weak var queue: InferenceQueue?
    }

    private let entries = Mutex<[Entry]>([])

    func follow(_ queue: InferenceQueue) {
        entries.withLock { entries in
            entries.removeAll { $0.queue == nil }
            entries.append(Entry(queue: queue))
        }
    }

    func byModel() -> [String: QueueReading] {
        let live = entries.withLock { $0.compactMap(\.queue) }
        var readings: [String: QueueReading] = [:]
        for queue in live {
            let one = queue.reading()
            guard let other = readings[queue.model] else {
                readings[queue.model] = one
                continue
            }
            readings[queue.model] = QueueReading(
                rows: one.rows + other.rows, runningRows: one.runningRows + other.runningRows,
                oldestSeconds: max(one.oldestSeconds, other.oldestSeconds),
                passSeconds: max(one.passSeconds, other.passSeconds),
                rowSeconds: one.rowSeconds ?? other.rowSeconds)
        }
        return readings
    }
}
