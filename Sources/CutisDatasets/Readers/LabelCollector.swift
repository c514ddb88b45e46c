import CutisCore
import CutisFormats

/// Gives each label its class index, while the rows are read.
struct LabelCollector {
    private let fixed: LabelSet?
    private let limits: DatasetLimits
    private var indices: [String: Int] = [:]
    private var names: [String] = []

    /// - Parameter fixed: the only labels that there may be, in their order; nil collects what occurs.
    init(fixed: LabelSet?, limits: DatasetLimits) {
        self.fixed = fixed
        self.limits = limits
        for label in fixed?.labels ?? [] { add(label.id) }
    }

    /// The class of a label; for collected labels a provisional one, which `finish` replaces.
    mutating func index(of name: String) throws(RowFault) -> Int {
        if let index = indices[name] { return index }
        guard fixed == nil else {
            let known = names.prefix(40).joined(separator: ", ")
            throw RowFault("the label \(quoted(name)) is not one of \(known)")
        }
        guard !name.isEmpty, name.utf8.count <= 1024 else { throw RowFault("a label is empty or too long") }
        guard names.count < limits.maximumLabels else {
            throw RowFault("there are more than \(limits.maximumLabels) labels: is this the label column?")
        }
        return add(name)
    }

    /// The classes, and for each provisional index the final one.
    ///
    /// Collected labels are sorted by their bytes (as torchvision sorts class folders), whole numbers by value.
    func finish() -> (labels: LabelSet, order: [Int]) {
        if let fixed { return (fixed, Array(names.indices)) }
        let numbers = names.compactMap { Int($0) }
        let sorted =
            numbers.count == names.count
            ? names.indices.sorted { (numbers[$0], names[$0]) < (numbers[$1], names[$1]) }
            : names.indices.sorted { names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) }
        var order = [Int](repeating: 0, count: names.count)
        for (position, index) in sorted.enumerated() { order[index] = position }
        return (LabelSet(sorted.map { DiagnosisLabel(id: names[$0], label: names[$0]) }), order)
    }

    @discardableResult
    private mutating func add(_ name: String) -> Int {
        indices[name] = names.count
        names.append(name)
        return names.count - 1
    }
}
