import CutisTensor

/// Parameters that share a decay and a share of the learning rate.
public struct ParameterGroup: Sendable, Hashable {
    /// Positions in the list of trained parameters.
    public var indices: [Int]
    /// The group's learning rate as a share of the schedule's.
    public var rateScale: Double
    /// Decoupled weight decay (AdamW) or L2 penalty (SGD).
    public var weightDecay: Double

    /// Makes a group.
    public init(indices: [Int], rateScale: Double = 1, weightDecay: Double = 0) {
        self.indices = indices
        self.rateScale = rateScale
        self.weightDecay = weightDecay
    }

    /// Refuses groups that name a parameter twice, or none of them.
    static func check(_ groups: [ParameterGroup], count: Int) throws(TensorError) {
        let named = groups.flatMap(\.indices).sorted()
        guard named == Array(0..<count) else {
            throw TensorError(
                .argument, "ParameterGroup",
                message: "\(groups.count) groups name \(named.count) parameters; each of the \(count) belongs to one")
        }
    }
}
