public import CutisCore
import CutisStorage

/// What is put on record: who did what to which object, and how it ended. The chain adds place, time and hashes.
public struct AuditEntry: Sendable, Hashable {
    /// The user's id, or `system`.
    public var actor: String
    /// The clinic; nil for the whole installation.
    public var clinicID: String?
    /// What was done, such as `analysis.create`.
    public var action: String
    /// The id of what it was done to; `-` where there is none.
    public var subject: String
    /// SHA-256 of the model's manifest.
    public var modelHash: String?
    /// SHA-256 over the hashes of the images.
    public var inputHash: String?
    /// The threshold of the class that decides.
    public var threshold: Double?
    /// `ok`, or the code of the problem.
    public var outcome: String
    /// More facts; never what identifies a person.
    public var details: [String: OrderedJSON]

    /// Joins the parts.
    public init(
        _ action: String, subject: String, by principal: Principal, clinicID: String? = nil, modelHash: String? = nil,
        inputHash: String? = nil, threshold: Double? = nil, outcome: String = "ok", details: [String: OrderedJSON] = [:]
    ) {
        actor = principal.userID
        self.clinicID = clinicID ?? principal.clinicID
        self.action = action
        self.subject = subject
        self.modelHash = modelHash
        self.inputHash = inputHash
        self.threshold = threshold
        self.outcome = outcome
        self.details = details
    }

    /// The details with sorted keys, as they are hashed.
    var detailsText: String {
        details.sorted { $0.key < $1.key }
            .reduce(OrderedJSON.object([:])) { $0.appending([$1.key: $1.value]) }.text(pretty: false)
    }
}
