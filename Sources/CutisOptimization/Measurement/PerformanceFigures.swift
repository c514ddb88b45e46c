import CutisCore

/// How fast a model is and what it takes, measured in a process of its own.
public struct PerformanceFigures: Sendable, Hashable {
    /// From the request to the loaded network, in milliseconds.
    public let loadMilliseconds: Double
    /// The middle time of one image, in milliseconds.
    public let median: Double
    /// The time that 95 % of the images do not exceed, in milliseconds.
    public let p95: Double
    /// Images in a second at the median.
    public let imagesPerSecond: Double
    /// The most memory that the process ever held, in 10⁶ bytes; mapped files count.
    public let peakMegabytes: Double
    /// Threads within an operation.
    public let threads: Int
    /// The name of the CPU.
    public let cpu: String

    /// Joins the figures.
    public init(
        loadMilliseconds: Double, median: Double, p95: Double, imagesPerSecond: Double, peakMegabytes: Double,
        threads: Int, cpu: String
    ) {
        self.loadMilliseconds = loadMilliseconds
        self.median = median
        self.p95 = p95
        self.imagesPerSecond = imagesPerSecond
        self.peakMegabytes = peakMegabytes
        self.threads = threads
        self.cpu = cpu
    }

    /// The figures with the keys of `cutis bench`.
    var json: OrderedJSON {
        .object([
            "load_ms": .number(loadMilliseconds), "median_ms": .number(median), "p95_ms": .number(p95),
            "images_per_s": .number(imagesPerSecond), "peak_rss_mb": .number(peakMegabytes),
            "threads": .integer(threads), "cpu": .string(cpu),
        ])
    }
}
