import CutisCore
import CutisFormats
import Foundation

/// Collects the samples of a table, whatever its form: unique names, bounds, class indices.
struct SampleCollector {
    var labels: LabelCollector
    private let options: DatasetReadOptions
    private var samples: [DatasetSample] = []
    private var seen: Set<String> = []

    init(_ options: DatasetReadOptions) {
        self.options = options
        labels = LabelCollector(fixed: options.labels, limits: options.limits)
    }

    /// Adds a sample whose labels are the provisional indices of `labels`.
    mutating func append(_ sample: DatasetSample) throws(RowFault) {
        guard samples.count < options.limits.maximumSamples else {
            throw RowFault("there are more than \(options.limits.maximumSamples) samples")
        }
        var sample = sample
        if !seen.insert(sample.id).inserted {
            guard options.keepsRepeats else {
                throw RowFault(
                    "\(quoted(sample.id)) is named a second time (`cutis data check` lists all that are)")
            }
            var number = 2
            while !seen.insert("\(sample.id)#\(number)").inserted { number += 1 }
            sample.id += "#\(number)"
        }
        samples.append(sample)
    }

    /// Reads a label field: plain text is one label, a list or dictionary holds several; unknown is none.
    mutating func labels(
        in field: String, weights: String? = nil
    ) throws(RowFault) -> (labels: [Int], weights: [Double]?) {
        guard field.utf8.count <= options.limits.maximumFieldBytes else {
            throw RowFault("the label has more than \(options.limits.maximumFieldBytes) bytes")
        }
        let most = options.limits.maximumLabelsPerSample
        guard let entries = try LabelLiteral.entries(of: field, maximumCount: most) else {
            // "None" or "unknown" can be a class, so only an empty field says that nothing is known.
            return field.isEmpty ? ([], nil) : ([try labels.index(of: field)], nil)
        }
        var given = entries.map(\.number)
        if let weights, let list = try LabelLiteral.entries(of: weights, maximumCount: most) {
            guard list.count == entries.count else {
                throw RowFault("there are \(list.count) weights for \(entries.count) labels")
            }
            given = list.map(\.number)
        }
        var sums: [Int: Double] = [:]
        var order: [Int] = []
        for (entry, weight) in zip(entries, given) {
            // A list of numbers is a list of classes that are called by numbers.
            let name = entry.text ?? entry.number.map { Int(exactly: $0).map { String($0) } ?? String($0) } ?? ""
            let index = try labels.index(of: name)
            guard (weight ?? 1) >= 0 else { throw RowFault("the weight of \(quoted(name)) is negative") }
            if sums[index] == nil { order.append(index) }
            sums[index, default: 0] += entry.text == nil ? 1 : weight ?? 1
        }
        let total = sums.values.reduce(0, +)
        let hasWeights = given.contains { $0 != nil } && entries.contains { $0.text != nil } && total > 0
        return (order, hasWeights ? order.map { (sums[$0] ?? 0) / total } : nil)
    }

    /// The data set.
    func finish(source: URL) -> Dataset {
        let (set, order) = labels.finish()
        let final = samples.map { sample in
            var sample = sample
            sample.labels = sample.labels.map { order[$0] }
            return sample
        }
        return Dataset(source: source, labels: set, samples: final)
    }
}
