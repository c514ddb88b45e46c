import CutisCore

extension FeedForwardActivation {
    /// The activation that Hugging Face and timm call so.
    static func named(_ name: String, in config: ConfigObject, key: String) throws(CutisError) -> FeedForwardActivation
    {
        switch name {
        case "gelu": return .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_tanh", "gelu_fast": return .geluTanh
        case "quick_gelu", "quickgelu": return .quickGELU
        default: throw config.error(key, "the activation \"\(name)\" is not supported")
        }
    }
}

/// OpenAI's CLIP was trained with QuickGELU; with another activation its answers are silently worse.
enum ActivationOrigin {
    /// Checks that weights of OpenAI's are computed with QuickGELU.
    ///
    /// - Parameters:
    ///   - activation: what the configuration says.
    ///   - isOpenAI: whether a name, a tag or a tensor says that the weights are OpenAI's own.
    ///   - evidence: that name, for the message.
    /// - Throws: `.configInvalid`.
    static func check(
        _ activation: FeedForwardActivation, isOpenAI: Bool, evidence: String, path: String
    ) throws(CutisError) {
        guard isOpenAI, activation != .quickGELU else { return }
        throw CutisError(
            .configInvalid,
            "\(path) says \(activation.rawValue), but \(evidence) says that these are OpenAI's CLIP weights, which "
                + "need quick_gelu.",
            remedy: "Correct the activation in the configuration (open_clip: \"quick_gelu\": true; "
                + "Hugging Face: \"hidden_act\": \"quick_gelu\"; timm: a …_quickgelu_… architecture).")
    }
}
