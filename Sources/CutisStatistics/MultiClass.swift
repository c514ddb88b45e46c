/// What the functions on rows of class probabilities share.
enum MultiClass {
    /// Checks a table of scores against labels.
    ///
    /// - Returns: the number of classes.
    static func check(_ rows: [[Double]], _ labels: [Int]) throws(StatisticsError) -> Int {
        try Check.sameLength(rows.count, labels.count)
        guard let classCount = rows.first?.count, classCount > 0 else {
            throw .tooFew(what: "observations", needed: 1, found: 0)
        }
        for (index, row) in rows.enumerated() {
            try Check.sameLength(row.count, classCount)
            guard row.allSatisfy(\.isFinite) else { throw .notFinite(index: index) }
            guard (0..<classCount).contains(labels[index]) else {
                throw .outOfRange("The label \(labels[index]) at index \(index) is not one of \(classCount) classes.")
            }
        }
        return classCount
    }

    /// The position of the largest value; the first of equal ones.
    static func largest(_ row: [Double]) -> Int {
        var best = 0
        for index in row.indices where row[index] > row[best] { best = index }
        return best
    }
}
