/// Everything that a checkpoint and the files beside it say about a model, before a weight is read.
public struct ImportedConfiguration: Sendable, Hashable {
    /// The published form.
    public var kind: ModelKind
    /// The network and its numbers.
    public var architecture: ModelConfiguration
    /// The names of its weights.
    public var layout: KeyLayout
    /// The classes in the order of the outputs, where a file names them.
    public var labels: [String]?
    /// Whether each class is answered for itself (a sigmoid per output) instead of one of all (a soft-max).
    public var isMultiLabel: Bool
    /// How images are prepared.
    public var preprocessing: PreprocessingFields
    /// What no file says and was taken by rule, in sentences.
    public var assumptions: [String]
}
