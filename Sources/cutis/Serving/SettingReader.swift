import CutisCore
import Foundation

/// Reads settings as what they are, and refuses what they are not.
struct SettingReader: Sendable {
    let sources: SettingSources

    func text(_ name: String) throws(CutisError) -> String? { try sources.text(name)?.value }

    func texts(_ name: String) throws(CutisError) -> [String]? {
        try sources.text(name).map { found in
            found.value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
    }

    func flag(_ name: String) throws(CutisError) -> Bool? {
        guard let found = try sources.text(name) else { return nil }
        switch found.value.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw invalid(name, found, "neither true nor false")
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(CutisError) -> Int? {
        guard let found = try sources.text(name) else { return nil }
        guard let value = Int(found.value) else { throw invalid(name, found, "no whole number") }
        guard range.contains(value) else {
            throw invalid(name, found, "not within \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    func number(_ name: String, in range: ClosedRange<Double>) throws(CutisError) -> Double? {
        guard let found = try sources.text(name) else { return nil }
        guard let value = Double(found.value), value.isFinite else { throw invalid(name, found, "no number") }
        guard range.contains(value) else {
            throw invalid(name, found, "not within \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    func seconds(_ name: String) throws(CutisError) -> Duration? {
        try number(name, in: 0.001...86_400).map { .seconds($0) }
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Value.Type
    ) throws(CutisError) -> Value? {
        guard let found = try sources.text(name) else { return nil }
        guard let value = Value(rawValue: found.value) else {
            throw invalid(name, found, "none of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    /// A file or folder; a path that begins with `~/` is below the home folder.
    func path(_ name: String) throws(CutisError) -> URL? {
        try text(name).map { URL(fileURLWithPath: NSString(string: $0).expandingTildeInPath) }
    }

    func invalid(_ name: String, _ found: (value: String, source: String), _ reason: String) -> CutisError {
        CutisError(
            .configInvalid, "`\(name)` is “\(found.value.prefix(60))” by \(found.source), which is \(reason).",
            remedy: "Correct it; docs/service.md says what it may be.")
    }
}
