import CutisCore

/// What people are told about the model: the section `card`. It decides nothing about the weights.
public struct CardConfiguration: ConfigurationSection {
    /// The headline of the card; nil takes the run's name.
    public var title: String?
    /// The bundle's semantic version.
    public var version = "1.0.0"
    /// From what images, by whom; nil says that it was not stated.
    public var data: String?
    /// The licence of the weights.
    public var licence = "Not stated: ask whoever trained it."
    /// What the model is for.
    public var use =
        "Research. Not a medical device; whoever reads an answer must be able to judge the image without it."
    /// What must be known before an answer is believed, a sentence or two each.
    public var limits: [String] = []
    /// The `cross-validation.json` of the same recipe, whose figures the card shows; nil for none.
    public var crossValidation: String?

    /// The defaults.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.text("title", &title)
        try coder.text("version", &version)
        guard version.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+([.+-][0-9A-Za-z.+-]{1,60})?/) != nil else {
            throw ConfigurationCoder.invalid(coder.place("version"), "must be a semantic version such as 1.0.0")
        }
        try coder.text("data", &data)
        try coder.text("licence", &licence)
        try coder.text("use", &use)
        try coder.texts("limits", &limits)
        try coder.text("cross_validation", &crossValidation)
    }
}
