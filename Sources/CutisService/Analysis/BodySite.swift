/// Where on the body a lesion is, as coarsely as nobody is known by it.
public enum BodySite: String, Sendable, Hashable, Codable, CaseIterable {
    case scalp, face, ear, neck, chest, abdomen, back
    case arm, hand, leg, foot
    /// Palm or sole.
    case acral
    case genital, other
}
