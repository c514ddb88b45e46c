import ArgumentParser
import CutisCore
import CutisDatasets
import Foundation

/// `cutis data split`
struct DataSplitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Part a data set at random: by class shares, never a patient or lesion in two parts.",
        discussion: """
            EXAMPLES
              cutis data split ham10000/ --output split.csv
              cutis data split ham10000/ --fractions 0.8,0.2 --seed 7 --output split.csv
              cutis data split table.csv --folds 5 --output folds.csv

            The same data and seed give the same parts on every machine. The table has all columns of the data set and
            `split` (train, val, test) or `fold` (0, 1, …).
            """)

    @Argument(help: ArgumentHelp("A folder, a table or an archive.", valueName: "dataset"))
    var dataset: String

    @OptionGroup var options: DatasetOptions

    @Option(
        help: ArgumentHelp("Shares of train and val, or of train, val and test.", valueName: "train,val[,test]"))
    var fractions: String = "0.7,0.15,0.15"

    @Option(help: ArgumentHelp("Make this many folds instead (2 to 100).", valueName: "k"))
    var folds: Int?

    @Option(help: ArgumentHelp("Decides the shuffle.", valueName: "n"))
    var seed: UInt64 = 0

    @Flag(help: "Accept classes with fewer patients or lesions than parts; some parts lack them.")
    var allowRare = false

    @Option(name: .shortAndLong, help: ArgumentHelp("The table to write (CSV).", valueName: "file"))
    var output: String

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        if let folds, !(2...100).contains(folds) { throw ValidationError("--folds must be between 2 and 100.") }
        _ = try shares()
    }

    func run() async throws {
        let data = try options.read(dataset)
        let splitter = DatasetSplitter(seed: seed, allowsRareClasses: allowRare)
        let url = URL(fileURLWithPath: output)
        let root = options.root(of: dataset)
        if let folds {
            let parts = try splitter.folds(data, count: folds)
            try SplitTable.write(data, folds: parts, relativeTo: root, to: url)
            try report(data, names: (0..<folds).map { "fold \($0)" }, parts: parts)
        } else {
            let shares = try shares()
            let names = SplitName.allCases.filter { shares[$0] != nil }
            let result = try splitter.splitting(data, fractions: shares)
            try SplitTable.write(result, relativeTo: root, to: url)
            let parts = result.samples.map { sample in sample.split.flatMap { names.firstIndex(of: $0) } ?? 0 }
            try report(data, names: names.map(\.rawValue), parts: parts)
        }
    }

    private func shares() throws -> [SplitName: Double] {
        let values = fractions.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0.trimmingCharacters(in: .whitespaces)) ?? .nan
        }
        let sum = values.reduce(0, +)
        guard (2...3).contains(values.count), values.allSatisfy({ $0 > 0 && $0 < 1 }), abs(sum - 1) < 1e-6 else {
            throw ValidationError("--fractions must be two or three positive shares that add up to 1.")
        }
        return Dictionary(uniqueKeysWithValues: zip(SplitName.allCases, values))
    }

    /// Class counts of each part.
    private func report(_ data: Dataset, names: [String], parts: [Int]) throws {
        guard !quietness.quiet else { return }
        let labels = data.labels.labels.map(\.id)
        var counts = [[Int]](repeating: [Int](repeating: 0, count: names.count), count: labels.count)
        var totals = [Int](repeating: 0, count: names.count)
        for (sample, part) in zip(data.samples, parts) {
            totals[part] += 1
            for label in sample.labels { counts[label][part] += 1 }
        }
        var rows = [["class"] + names]
        for (label, own) in zip(labels, counts) { rows.append([OneLine.text(label)] + own.map { String($0) }) }
        rows.append(["all"] + totals.map { String($0) })
        try StandardOutput.write(TextTable.lines(rows).joined(separator: "\n") + "\nwrote \(output)\n")
    }
}
