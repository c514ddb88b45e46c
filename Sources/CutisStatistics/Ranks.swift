/// Ranks with ties sharing their mean, and what follows from them.
enum Ranks {
    /// Mid-ranks, starting at 1.
    static func midRanks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            let shared = Double(start + end) / 2 + 1
            for position in start...end { ranks[order[position]] = shared }
            start = end + 1
        }
        return ranks
    }

    /// Mann-Whitney's area. The caller has checked that both kinds occur.
    static func area(scores: [Double], positives: [Bool]) -> Double {
        let ranks = midRanks(scores)
        var sum = 0.0
        var count = 0.0
        for (rank, isPositive) in zip(ranks, positives) where isPositive {
            sum += rank
            count += 1
        }
        return (sum - count * (count + 1) / 2) / (count * (Double(scores.count) - count))
    }
}

/// DeLong's structural components of one score.
struct Placement {
    /// For each positive the share of negatives below it; for each negative the share of positives above it.
    let ofPositives: [Double]
    let ofNegatives: [Double]
    let area: Double

    init(scores: [Double], positives: [Bool]) throws(StatisticsError) {
        try Check.binary(scores, positives)
        let hits = zip(scores, positives).filter(\.1).map(\.0)
        let rest = zip(scores, positives).filter { !$0.1 }.map(\.0)
        guard hits.count > 1 else { throw .tooFew(what: "positives", needed: 2, found: hits.count) }
        guard rest.count > 1 else { throw .tooFew(what: "negatives", needed: 2, found: rest.count) }
        let all = Ranks.midRanks(hits + rest)
        let amongHits = Ranks.midRanks(hits)
        let amongRest = Ranks.midRanks(rest)
        ofPositives = hits.indices.map { (all[$0] - amongHits[$0]) / Double(rest.count) }
        ofNegatives = rest.indices.map { 1 - (all[hits.count + $0] - amongRest[$0]) / Double(hits.count) }
        area = ofPositives.reduce(0, +) / Double(hits.count)
    }

    var variance: Double { covariance(with: self) }

    func covariance(with other: Placement) -> Double {
        Self.covariance(ofPositives, other.ofPositives) / Double(ofPositives.count)
            + Self.covariance(ofNegatives, other.ofNegatives) / Double(ofNegatives.count)
    }

    private static func covariance(_ first: [Double], _ second: [Double]) -> Double {
        let n = Double(first.count)
        let meanFirst = first.reduce(0, +) / n
        let meanSecond = second.reduce(0, +) / n
        let products = zip(first, second).reduce(0) { $0 + ($1.0 - meanFirst) * ($1.1 - meanSecond) }
        return products / (n - 1)
    }
}
