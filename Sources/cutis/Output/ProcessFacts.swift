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

    /// The most memory that the process ever held resident, in bytes; mapped files count.
    static func peakMemory() -> Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss * 1024
    }
}
