import CutisCore

/// From which measure on a photo is answered with a warning, and from which on it is refused.
///
/// The defaults are those of docs/service.md, where the figures stand that they rest on.
public struct QualityLimits: Sendable, Hashable, Codable {
    /// Two limits of one measure; nil never warns, or never refuses.
    public struct Bound: Sendable, Hashable, Codable {
        /// From here on with a warning.
        public var warning: Double?
        /// From here on refused.
        public var refusal: Double?

        /// Joins the two.
        public init(warning: Double?, refusal: Double?) {
            self.warning = warning
            self.refusal = refusal
        }

        /// What a measure calls for that must not be below the limits; not-a-number is refused.
        func severity(below value: Double) -> QualityFinding.Severity? {
            if let refusal, !(value >= refusal) { return .refusal }
            if let warning, !(value >= warning) { return .warning }
            return nil
        }

        /// What a measure calls for that must not be above the limits; not-a-number is refused.
        func severity(above value: Double) -> QualityFinding.Severity? {
            if let refusal, !(value <= refusal) { return .refusal }
            if let warning, !(value <= warning) { return .warning }
            return nil
        }
    }

    /// The least `sharpness`.
    public var sharpness = Bound(warning: 10, refusal: 4)
    /// The least `brightness`: the grey level that 5 % of the photo exceed.
    public var brightness = Bound(warning: 64, refusal: 32)
    /// The largest `overexposed`: the share of pixels in which two colours or more are at their end.
    public var overexposed = Bound(warning: 0.08, refusal: 0.35)
    /// The least `contrast`.
    public var contrast = Bound(warning: 0.08, refusal: 0.03)
    /// The least `resolution`: pixels of the photo for one of the model's input.
    public var resolution = Bound(warning: 0.75, refusal: 0.25)
    /// The least `skin`: the share of the lit pixels that have a colour which skin can have.
    public var skin = Bound(warning: 0.3, refusal: 0.05)
    /// The largest `roughness`; white noise has 20.
    public var roughness = Bound(warning: nil, refusal: 5)
    /// Whether framing is judged; it only ever warns.
    public var framing = true

    /// The defaults.
    public init() {}
}
