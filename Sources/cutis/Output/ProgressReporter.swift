import CutisCore
import Foundation
import Synchronization

/// Progress of long work on standard error: a bar that rewrites itself on a terminal, a plain line now and then
/// when piped, nothing with `--quiet`.
final class ProgressReporter: Sendable {
    private struct State {
        var done = 0
        var total: Int
        var lastWritten = ContinuousClock.now
        var widestLine = 0
    }

    /// Whether the last thing on the terminal is a progress line without an end.
    private static let isLineOpen = Atomic<Bool>(false)

    /// Takes an open progress line off the terminal, so that an answer does not land behind it.
    static func clearLine() {
        guard isLineOpen.exchange(false, ordering: .relaxed) else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }

    private let title: String
    private let unit: String
    private let isQuiet: Bool
    private let isTerminal: Bool
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// - Parameters:
    ///   - unit: what is counted, in the plural; `bytes` are shown in megabytes.
    ///   - total: how many there are; 0 where nobody knows.
    init(_ title: String, unit: String, total: Int, quiet: Bool) {
        self.title = title
        self.unit = unit
        state = Mutex(State(total: total))
        isQuiet = quiet
        isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// Adds to what is done and shows it when it is time.
    func advance(by count: Int = 1) {
        update { $0.done += count }
    }

    /// Sets what is done, and of how much, and shows it when it is time.
    func update(to done: Int, of total: Int) {
        update {
            $0.done = done
            $0.total = total
        }
    }

    /// Shows the end state and closes the line.
    func finish() {
        guard !isQuiet else { return }
        // Work of which there was nothing to do, as a pull that is cached, needs no line.
        let line = state.withLock { $0.done == 0 ? nil : self.line(&$0) }
        guard let line else { return }
        Self.isLineOpen.store(false, ordering: .relaxed)
        FileHandle.standardError.write(Data((isTerminal ? "\r\(line)\n" : "\(line)\n").utf8))
    }

    private func update(_ change: (inout State) -> Void) {
        let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        let text: String? = state.withLock { state in
            change(&state)
            guard !isQuiet, ContinuousClock.now - state.lastWritten >= interval else { return nil }
            state.lastWritten = .now
            return line(&state)
        }
        guard let text else { return }
        Self.isLineOpen.store(isTerminal, ordering: .relaxed)
        FileHandle.standardError.write(Data((isTerminal ? "\r\(text)" : "\(text)\n").utf8))
    }

    private func line(_ state: inout State) -> String {
        let (done, total) = (state.done, state.total)
        let seconds = max((ContinuousClock.now - start) / .seconds(1), 1e-3)
        let rate = Double(done) / seconds
        var parts = ["\(title):"]
        if total > 0 {
            if isTerminal {
                let filled = min(20, 20 * done / total)
                parts.append(
                    "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "]")
            }
            parts.append("\(amount(Double(done))) of \(amount(Double(total))) \(unitName)")
        } else {
            parts.append("\(amount(Double(done))) \(unitName)")
        }
        parts.append("· \(amount(rate)) \(unitName)/s")
        if total > done, rate > 0 { parts.append("· \(Self.time(Double(total - done) / rate)) left") }
        var text = parts.joined(separator: " ")
        if isTerminal {
            let length = text.count
            text += String(repeating: " ", count: max(state.widestLine - length, 0))
            state.widestLine = length
        }
        return text
    }

    private var unitName: String { unit == "bytes" ? "MB" : unit }

    private func amount(_ value: Double) -> String {
        if unit == "bytes" { return String(format: "%.1f", value / 1e6) }
        return value == value.rounded() ? String(Int(value)) : String(format: "%.1f", value)
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        if whole < 60 { return "\(whole) s" }
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
