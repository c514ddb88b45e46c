import Foundation

/// What the process takes of the machine, from `/proc/self` (proc(5)).
public struct ProcessStatistics: Sendable, Hashable {
    /// Memory in use, in bytes.
    public var residentBytes: Int
    /// Address space, in bytes.
    public var virtualBytes: Int
    /// Processor time in user and system mode, in seconds.
    public var processorSeconds: Double
    /// Open files, sockets included.
    public var openFiles: Int
    /// How many files may be open.
    public var maximumFiles: Int
    /// Threads.
    public var threads: Int
    /// When the process began, in seconds since 1970.
    public var startTime: Double

    /// Reads them now; nil where there is no `/proc`.
    public static func read() -> ProcessStatistics? {
        guard let stat = text("/proc/self/stat"), let boot = bootTime(),
            // The second field is the program's name in brackets, and may hold spaces and brackets itself.
            let close = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let threads = Int(fields[17]), let start = Double(fields[19]), let virtual = Int(fields[20]),
            let pages = Int(fields[21])
        else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return ProcessStatistics(
            residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)), virtualBytes: virtual,
            processorSeconds: (user + system) / ticks,
            openFiles: (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0,
            maximumFiles: Int(clamping: limit.rlim_cur), threads: threads, startTime: boot + start / ticks)
    }

    private static func bootTime() -> Double? {
        text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private static func text(_ path: String) -> String? {
        (try? Data(contentsOf: URL(fileURLWithPath: path))).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension MetricRegistry {
    /// Adds the process's own metrics under the names that Prometheus's client libraries give them.
    public func collectProcess() {
        func one(
            _ name: String, _ help: String, kind: MetricKind = .gauge,
            _ value: @escaping @Sendable (ProcessStatistics) -> Double
        ) {
            collect(name, help: help, kind: kind) {
                ProcessStatistics.read().map { [(labels: [], value: value($0))] } ?? []
            }
        }
        one("process_resident_memory_bytes", "Memory in use.") { Double($0.residentBytes) }
        one("process_virtual_memory_bytes", "Address space.") { Double($0.virtualBytes) }
        one("process_cpu_seconds_total", "Processor time in user and system mode.", kind: .counter) {
            $0.processorSeconds
        }
        one("process_open_fds", "Open files, sockets included.") { Double($0.openFiles) }
        one("process_max_fds", "How many files may be open.") { Double($0.maximumFiles) }
        one("process_threads", "Threads.") { Double($0.threads) }
        one("process_start_time_seconds", "When the process began, in seconds since 1970.") { $0.startTime }
    }
}
