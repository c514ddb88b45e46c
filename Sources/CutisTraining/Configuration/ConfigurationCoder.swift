import CutisCore

/// A section of the configuration: one list of its fields serves reading, writing and the bounds.
protocol ConfigurationSection: Sendable, Hashable {
    /// The section with every default.
    init()
    /// Names every field to the coder, which reads or writes it.
    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError)
}

/// Goes through the fields of a section: fills them from a file, or collects them for one.
final class ConfigurationCoder {
    /// The keys above this section, joined by dots; empty at the top.
    let path: String
    /// Whether fields are filled; else they are collected.
    let isReading: Bool
    private let given: [ConfigurationValue.Entry]
    private var known: [String] = []
    private(set) var written: [ConfigurationValue.Entry] = []

    init(reading entries: [ConfigurationValue.Entry], path: String) {
        given = entries
        self.path = path
        isReading = true
    }

    init(writingTo path: String) {
        given = []
        self.path = path
        isReading = false
    }

    /// A field of any type: reads it where the file has it, or writes it.
    ///
    /// - Parameters:
    ///   - decode: gets the value and its path.
    ///   - encode: nil leaves the key out.
    func field<Value>(
        _ key: String, _ value: inout Value,
        decode: (ConfigurationValue, String) throws(CutisError) -> Value,
        encode: (Value) throws(CutisError) -> ConfigurationValue?
    ) throws(CutisError) {
        known.append(key)
        guard isReading else {
            if let encoded = try encode(value) { written.append(.init(key: key, value: encoded)) }
            return
        }
        if let entry = given.first(where: { $0.key == key }) { value = try decode(entry.value, place(key)) }
    }

    /// The path of a key of this section.
    func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Whether the file has the key.
    func has(_ key: String) -> Bool { given.contains { $0.key == key } }

    /// Refuses a key that no field has asked for.
    func finish() throws(CutisError) {
        guard let entry = given.first(where: { !known.contains($0.key) }) else { return }
        throw Self.unknown(entry.key, path: path, known: known)
    }

    /// The error of a value that cannot be.
    static func invalid(_ path: String, _ what: String) -> CutisError {
        CutisError(.configInvalid, "The configuration is wrong: \(path) \(what).", remedy: "Correct that value.")
    }

    /// The error of a value of another type.
    static func mismatch(_ path: String, expected: String, found: ConfigurationValue) -> CutisError {
        invalid(path, "must be \(expected), but it is \(found.kind)")
    }

    /// The error of a key that does not exist.
    static func unknown(_ key: String, path: String, known: [String]) -> CutisError {
        let whole = path.isEmpty ? key : "\(path).\(key)"
        let near = NearestName.of(key, among: known).map { path.isEmpty ? $0 : "\(path).\($0)" }
        let keys = known.sorted().joined(separator: ", ")
        return CutisError(
            .configInvalid, "The configuration has the unknown key '\(whole.prefix(200))'.",
            remedy: near.map { "Did you mean '\($0)'?" }
                ?? (keys.isEmpty ? "Remove it or correct its name." : "The keys there are: \(keys)."))
    }

    /// Reads a whole section.
    static func read<Section: ConfigurationSection>(
        _ type: Section.Type, _ value: ConfigurationValue, path: String, defaults: Section = Section()
    ) throws(CutisError) -> Section {
        // A section whose keys are all commented out is `null`.
        if case .null = value { return defaults }
        guard case .section(let entries) = value else {
            throw mismatch(path.isEmpty ? "the file" : path, expected: "a section", found: value)
        }
        var section = defaults
        let coder = ConfigurationCoder(reading: entries, path: path)
        try section.fields(coder)
        try coder.finish()
        return section
    }

    /// Writes a whole section.
    static func write(_ section: some ConfigurationSection, path: String) throws(CutisError) -> ConfigurationValue {
        var copy = section
        let coder = ConfigurationCoder(writingTo: path)
        try copy.fields(coder)
        return .section(coder.written)
    }
}

/// Finds what was probably meant.
package enum NearestName {
    /// The known name with the fewest changes of letters; nil where even that has a third of its letters changed or more.
    package static func of(_ name: String, among known: [String]) -> String? {
        let best = known.map { (name: $0, distance: distance(name.lowercased(), $0.lowercased())) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let best, best.distance <= max(1, max(name.count, best.name.count) / 2) else { return nil }
        return best.name
    }

    /// Insertions, deletions, substitutions and exchanges of neighbours between two words (Damerau 1964, Levenshtein
    /// 1966), each letter in one change only.
    static func distance(_ first: String, _ second: String) -> Int {
        let (a, b) = (Array(first.unicodeScalars.prefix(100)), Array(second.unicodeScalars.prefix(100)))
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
