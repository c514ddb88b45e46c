extension Estimate {
    /// The mean of a few figures of the same kind, such as one per fold, with Student's t interval.
    ///
    /// Folds share training images, so their figures are not independent and the interval is too narrow by an unknown
    /// amount (Bengio and Grandvalet 2004: there is no unbiased estimator of their variance).
    ///
    /// - Throws: `.tooFew` below two values; `.notFinite`; `.outOfRange` for a confidence that is not within 0…1.
    public static func mean(of values: [Double], confidence: Double = 0.95) throws(StatisticsError) -> Estimate {
        try Check.confidence(confidence)
        guard values.count >= 2 else { throw .tooFew(what: "values", needed: 2, found: values.count) }
        if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let margin =
            Distributions.studentQuantile(twoSided: confidence, degrees: count - 1) * (variance / count).squareRoot()
        return Estimate(
            value: mean, lower: mean - margin, upper: mean + margin, count: values.count,
            method: method("Student's t over \(values.count) values", confidence))
    }
}
