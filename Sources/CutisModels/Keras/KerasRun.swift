import CutisTensor

/// What all layers of one run share: how much they may still compute, and who looks on.
///
/// Models inside models may call each other thousands of times, and small weights can make large tensors: a file of a
/// few kilobytes must not keep a server busy.
final class KerasRun {
    /// The most layer calls of one run, those of inner models included.
    static let maximumCalls = 65_536
    /// The most elements that the calls of one run read and write, for each case. A usual head takes some 10⁵.
    static let maximumElementsPerCase = 1 << 25

    /// Where tensors that somebody asked for are kept; nil in ordinary runs.
    let observer: KerasObserver?
    private var calls = 0
    private var elements: Int

    init(cases: Int, observer: KerasObserver? = nil) {
        self.observer = observer
        elements = Self.maximumElementsPerCase.multipliedReportingOverflow(by: max(cases, 1)).partialValue
    }

    /// Counts a call before it is computed.
    func begin(reading sources: some Sequence<Int>) throws(KerasFault) {
        calls += 1
        guard calls <= Self.maximumCalls else {
            throw KerasFault("the graph makes more than \(Self.maximumCalls) layer calls")
        }
        try take(sources.reduce(0, +))
    }

    /// Counts what a call gave.
    func take(_ count: Int) throws(KerasFault) {
        elements -= count
        guard elements >= 0 else {
            throw KerasFault("the graph computes more than \(Self.maximumElementsPerCase) numbers for one case")
        }
    }
}
