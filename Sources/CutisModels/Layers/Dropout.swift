public import CutisTensor

/// Zeroes elements at random in training and scales the others up (Srivastava et al. 2014).
public struct Dropout: Sendable {
    /// The probability of a zero.
    public let rate: Double

    /// Makes a layer; rate 0 passes everything.
    public init(_ rate: Double) { self.rate = rate }

    /// The same shape; x itself outside training.
    ///
    /// - Parameter generator: what it draws from; nil takes the process-wide generator.
    public func callAsFunction(
        _ x: Tensor, training: Bool = false, generator: Generator? = nil
    ) throws(TensorError) -> Tensor {
        training && rate > 0 ? try x.dropout(rate, training: true, generator: generator) : x
    }
}
