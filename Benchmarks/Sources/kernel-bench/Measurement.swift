/// What a kernel reached.
struct Measurement: Codable {
    let operation: Workload.Operation
    let shape: String
    let precision: Precision
    let medianMs: Double
    let minMs: Double
    let gflops: Double
    let gigabytesPerSecond: Double
    /// Of the machine's measured peak at this precision.
    let shareOfPeak: Double?
    /// Of the fastest packed linear layer at this precision; attention only.
    let shareOfLinear: Double?

    enum CodingKeys: String, CodingKey {
        case operation, shape, precision, gflops
        case medianMs = "median_ms"
        case minMs = "min_ms"
        case gigabytesPerSecond = "gb_per_s"
        case shareOfPeak = "share_of_peak"
        case shareOfLinear = "share_of_linear"
    }
}

/// The peaks of a machine and what the kernels reached.
struct Results: Codable {
    let cpu: String
    let instructions: String
    let threads: Int
    let rounds: Int
    let runs: Int
    let peaks: [Peak]
    let measurements: [Measurement]
    /// Kernels that could not run, with the reason.
    let refusals: [String]
}

/// Times of workloads in turns: each round runs each a few times, so that a disturbance hits all alike.
func timesInTurns(_ workloads: [Workload], rounds: Int, runs: Int) throws -> [[Double]] {
    let clock = ContinuousClock()
    var times: [[Double]] = workloads.map { _ in [] }
    for _ in 0..<rounds {
        for (index, workload) in workloads.enumerated() {
            try workload.run()
            for _ in 0..<runs {
                let duration = try clock.measure { try workload.run() }
                times[index].append(duration / .milliseconds(1))
            }
        }
    }
    return times
}

/// The middle of some numbers, of which there is at least one.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}

/// Rates and shares of workloads whose times were taken.
func measurements(_ workloads: [Workload], times: [[Double]], peaks: [Peak]) -> [Measurement] {
    func rate(_ index: Int) -> Double { workloads[index].operations / median(times[index]) / 1e6 }
    func bestLinear(_ precision: Precision) -> Double? {
        workloads.indices.filter { workloads[$0].operation == .linear && workloads[$0].precision == precision }
            .map(rate).max()
    }
    return workloads.indices.map { index in
        let workload = workloads[index]
        let peak = peaks.first { $0.precision == workload.precision }
        let linear = workload.operation == .attention ? bestLinear(workload.precision) : nil
        return Measurement(
            operation: workload.operation, shape: workload.shape, precision: workload.precision,
            medianMs: median(times[index]), minMs: times[index].min() ?? 0, gflops: rate(index),
            gigabytesPerSecond: workload.bytes / median(times[index]) / 1e6,
            shareOfPeak: peak.map { rate(index) / $0.gflops }, shareOfLinear: linear.map { rate(index) / $0 })
    }
}
