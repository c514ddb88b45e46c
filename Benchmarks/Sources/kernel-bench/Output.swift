import Foundation

extension Results {
    /// For programs.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// For people.
    func table() -> String {
        var lines = ["\(cpu), \(threads) threads, kernels for \(instructions)", ""]
        lines += aligned(
            [["peak", "instruction", "GFLOP/s"]]
                + peaks.map { [$0.precision.rawValue, $0.instruction, number($0.gflops)] })
        for precision in Precision.allCases where !peaks.contains(where: { $0.precision == precision }) {
            lines.append("\(precision.rawValue)  this CPU has no instruction of its own for it")
        }
        lines.append("")
        lines += aligned(
            [["kernel", "shape", "precision", "median ms", "min ms", "GFLOP/s", "of peak", "of linear", "GB/s"]]
                + measurements.map {
                    [
                        $0.operation.rawValue, $0.shape, $0.precision.rawValue, number($0.medianMs, digits: 3),
                        number($0.minMs, digits: 3), number($0.gflops), percent($0.shareOfPeak),
                        percent($0.shareOfLinear), number($0.gigabytesPerSecond),
                    ]
                })
        return (lines + (refusals.isEmpty ? [] : [""] + refusals)).joined(separator: "\n")
    }
}

private func number(_ value: Double, digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }

private func percent(_ share: Double?) -> String { share.map { String(format: "%.0f %%", $0 * 100) } ?? "" }

/// Columns of equal width; those that hold words are flush left.
private func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        zip(row, widths).enumerated().map { column, cell in
            let space = String(repeating: " ", count: cell.1 - cell.0.count)
            let isWord = rows.dropFirst().contains { $0[column].first?.isLetter == true } || column < 2
            return isWord ? cell.0 + space : space + cell.0
        }.joined(separator: "  ")
    }
}
