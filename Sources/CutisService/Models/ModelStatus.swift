public import CutisCore

/// Where a model is on its way.
public enum ModelState: String, Sendable, Hashable, CaseIterable {
    /// It answers requests that name it.
    case ready
    /// It answers all requests of its task that name no other.
    case active
    /// It answers the requests that it has, and takes no new ones.
    case draining
}

/// A model that is loaded, for readiness and the engineer's page.
public struct ModelStatus: Sendable {
    /// What is known of it.
    public var facts: ModelFacts
    /// Where it is on its way.
    public var state: ModelState
    /// How many replicas compute at the same time.
    public var replicas: Int
    /// The memory of all replicas by the estimate, in bytes.
    public var memoryBytes: Int
    /// How many requests hold the model now.
    public var leases: Int
    /// How many requests have held it since it was loaded.
    public var served: Int
    /// Its queue.
    public var queue: QueueReading
}

/// Something that happened to a model: the history of what was in production.
public struct ModelEvent: Sendable {
    /// What happened.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It was loaded and has reproduced its golden case.
        case loaded
        /// It became its task's default.
        case activated
        /// It takes no new requests.
        case unloaded
        /// Its last request is answered and its memory is free.
        case released
        /// It could not be loaded.
        case refused
    }

    /// What happened.
    public var kind: Kind
    /// The model; nil where a bundle was refused before its facts were known.
    public var facts: ModelFacts?
    /// The bundle's path.
    public var bundle: String
    /// Who asked for it: a user's id, or `system`.
    public var userID: String
    /// Why a bundle was refused.
    public var error: CutisError?
}
