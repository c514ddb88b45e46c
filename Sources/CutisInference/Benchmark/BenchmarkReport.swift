/// What a benchmark measured.
public struct BenchmarkReport: Sendable {
    /// The architecture or the bundle's id.
    public let name: String
    /// The longer side of the images in pixels.
    public let imageSize: Int
    /// The numbers that were computed in.
    public let precision: Precision
    /// Images of one pass.
    public let batch: Int
    /// Threads within an operation.
    public let threads: Int
    /// Numbers of the network.
    public let parameterCount: Int
    /// Multiplications and additions of one image, in 10⁹.
    public let gigaOperations: Double
    /// From the request to the loaded network; random weights are made in it.
    public let loadMilliseconds: Double
    /// The time of each pass, ascending.
    public let milliseconds: [Double]
    /// Where it ran, `cpu` or `cuda:0`.
    public let device: String

    /// The middle of the times.
    public var median: Double { quantile(0.5) }
    /// The shortest time.
    public var minimum: Double { milliseconds.first ?? 0 }
    /// The time that 95 % of the passes do not exceed (nearest rank).
    public var p95: Double { quantile(0.95) }
    /// Images in a second at the median.
    public var imagesPerSecond: Double { median > 0 ? Double(batch) * 1000 / median : 0 }
    /// 10⁹ operations in a second at the median.
    public var gigaOperationsPerSecond: Double { gigaOperations * imagesPerSecond }

    private func quantile(_ share: Double) -> Double {
        guard !milliseconds.isEmpty else { return 0 }
        let middle = milliseconds.count / 2
        if share == 0.5, milliseconds.count % 2 == 0 { return (milliseconds[middle - 1] + milliseconds[middle]) / 2 }
        let rank = Int((share * Double(milliseconds.count)).rounded(.up)) - 1
        return milliseconds[min(max(rank, 0), milliseconds.count - 1)]
    }
}
