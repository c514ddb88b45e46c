import ArgumentParser
import CutisTensor
import Foundation

@main
struct KernelBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel-bench",
        abstract: "Times attention, layer normalisation and packed linear layers against the machine's measured peak.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Option(help: "Threads; at first all CPUs.")
    var threads = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Turns of each kernel.")
    var rounds = 5
    @Option(help: "Timed runs in a turn.")
    var runs = 10
    @Option(help: "Instructions of our kernels: portable, avx2, avx512 or avx512-bf16 (default: the best).")
    var instructions: String?
    @Option(help: "How the results are printed.")
    var format = Format.table

    func validate() throws {
        guard (1...1024).contains(threads) else { throw ValidationError("--threads must be 1…1024") }
        guard (1...10_000).contains(rounds) else { throw ValidationError("--rounds must be 1…10000") }
        guard (1...10_000).contains(runs) else { throw ValidationError("--runs must be 1…10000") }
        guard let instructions else { return }
        guard let level = CPUKernels.Instructions(name: instructions) else {
            let names = CPUKernels.Instructions.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("--instructions must be one of \(names)")
        }
        guard level <= CPUKernels.supported else {
            throw ValidationError("this CPU runs \(CPUKernels.supported.name) at most, not \(level.name)")
        }
    }

    func run() throws {
        try Runtime.check()
        Runtime.threads = threads
        if let level = instructions.flatMap(CPUKernels.Instructions.init(name:)) { _ = CPUKernels.select(level) }
        guard PackedLinear.isAvailable else {
            throw ValidationError("this LibTorch has no oneDNN, so that there are no packed layers to time")
        }
        let before = Peak.all(threads: threads)
        let made = Precision.allCases.map(Workload.all)
        let workloads = made.flatMap(\.workloads)
        let times = try Arena().use { try timesInTurns(workloads, rounds: rounds, runs: runs) }
        let peaks = Peak.best(before, Peak.all(threads: threads))
        let results = Results(
            cpu: cpuName(), instructions: CPUKernels.selected.name, threads: threads, rounds: rounds, runs: runs,
            peaks: peaks, measurements: measurements(workloads, times: times, peaks: peaks),
            refusals: made.flatMap(\.refusals))
        print(format == .json ? try results.json() : results.table())
    }
}

/// The CPU's own name, where Linux tells it.
private func cpuName() -> String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown CPU"
}
