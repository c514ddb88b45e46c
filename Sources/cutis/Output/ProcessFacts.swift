import Foundation
import Glibc

/// What the kernel says about this process.
enum ProcessFacts {
    /// Seconds since the process was started, dynamic linking included, to a hundredth.
    static func secondsSinceStart() -> Double {
        let stat = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
        let uptime = (try? String(contentsOfFile: "/proc/uptime", encoding: .utf8)) ?? ""
        // The name in parentheses may hold spaces; the start time is field 22, the 20th after it.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 19, let ticks = Double(fields[19]),
            let now = uptime.split(separator: " ").first.flatMap({ Double($0) })
        else { return 0 }
        return now - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The name of the CPU, or its architecture where the system does not say.
    static func cpu() -> String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
        #if arch(arm64)
            return name ?? "arm64"
        #else
            return name ?? "x86-64"
        #endif
    }

    /// The most memory that the process ever held resident, in bytes; mapped files count.
    static func peakMemory() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        if let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) {
            return kilobytes * 1024
        }
        // Counts what the parent held when it started this process, too.
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss * 1024
    }
}
