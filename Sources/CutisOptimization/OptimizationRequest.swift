public import CutisInference
public import Foundation

/// What `cutis optimize` is asked for.
public struct OptimizationRequest: Sendable {
    /// How the scales of an int8 conversion are found.
    public enum Method: String, Sendable, CaseIterable {
        /// Outlier channels are folded into the weights first (Xiao et al. 2023), each output of a weight has its own
        /// scale, activation ranges are searched for, and layers whose error is high stay in floating point.
        case smooth
        /// The plain conversion: one scale per weight, smallest to largest activation, every layer. For comparison.
        case minmax
    }

    /// How the range of a layer's input is chosen.
    public enum RangeSearch: String, Sendable, CaseIterable {
        /// The share of the whole range with the smallest fourth power of the error: a square lets rare large numbers
        /// be cut, and the image that has them pays for it (docs/optimization.md has the comparison).
        case l4
        /// The share of the whole range with the smallest squared error.
        case mse
        /// The best of the percentiles 99.9, 99.99 and 99.999 and the whole range, by squared error.
        case percentile
    }

    /// How many images calibrate: fewer than the lower bound say too little, more than the upper one add nothing.
    public static let calibrationCounts = 32...128
    /// How many readable images a calibration folder must hold.
    public static let fewestImages = 8

    /// The bundle to convert.
    public var bundle: ModelBundle
    /// The folder of images that show what the model usually sees; labels are not needed.
    public var calibration: URL
    /// The precision of the new bundle: fp16, bf16 or int8.
    public var precision: Precision
    /// The folder to make.
    public var output: URL
    /// A table with the columns `image` (a path relative to the table) and `label`, or nil.
    public var validation: URL?
    /// The label id whose sensitivity is guarded; nil takes the one label that has a threshold.
    public var positive: String?
    /// How the scales of int8 are found.
    public var method = Method.smooth
    /// How the range of a layer's input is chosen.
    public var range = RangeSearch.l4
    /// Whether the plain int8 conversion is measured beside ours.
    public var comparesNaive = false
    /// How many images of the folder are used.
    public var calibrationImages = 128
    /// What may be lost.
    public var budget: AccuracyBudget
    /// Threads within an operation; nil takes one per core.
    public var threads: Int?
    /// Whether a precision that the CPU does not have is measured in fp32 instead of refused.
    public var fallsBack = false

    /// Makes a request with the defaults of the command line.
    public init(bundle: ModelBundle, calibration: URL, precision: Precision, output: URL) {
        self.bundle = bundle
        self.calibration = calibration
        self.precision = precision
        self.output = output
        budget = AccuracyBudget(for: precision)
    }

    /// How a model of this request is loaded.
    func loadOptions(_ precision: Precision) -> LoadOptions {
        LoadOptions(device: .cpu, precision: precision, threads: threads, fallsBack: fallsBack, checksFiles: false)
    }
}
