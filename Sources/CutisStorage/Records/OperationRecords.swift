public import Foundation

/// One entry of the audit trail: who did what to which object, and when. Entries are never changed or removed.
public struct AuditRecord: Sendable, Hashable {
    /// The place in the chain, from 1 without gaps.
    public var sequence: Int64
    /// When it happened, in milliseconds since 1970 UTC.
    public var time: Int64
    /// The user's id, or `system`.
    public var actor: String
    /// The clinic that it belongs to.
    public var clinicID: String?
    /// What was done, such as `analysis.create`.
    public var action: String
    /// The id of what it was done to.
    public var subject: String
    /// SHA-256 of the bundle's manifest.
    public var modelHash: String?
    /// SHA-256 over the hashes of the images.
    public var inputHash: String?
    /// The threshold that decided, where there is one.
    public var threshold: Double?
    /// `ok`, or the code of the problem.
    public var outcome: String
    /// More facts as JSON with sorted keys, never an identifier of a person; `{}` where there are none.
    public var details: String
    /// The hash of the entry before, in hexadecimal; 64 zeros for the first.
    public var previousHash: String
    /// SHA-256 over the hash before and everything above, in hexadecimal.
    public var hash: String

    /// Makes a record of its parts.
    public init(
        sequence: Int64, time: Int64, actor: String, clinicID: String?, action: String, subject: String,
        modelHash: String?, inputHash: String?, threshold: Double?, outcome: String, details: String,
        previousHash: String, hash: String
    ) {
        self.sequence = sequence
        self.time = time
        self.actor = actor
        self.clinicID = clinicID
        self.action = action
        self.subject = subject
        self.modelHash = modelHash
        self.inputHash = inputHash
        self.threshold = threshold
        self.outcome = outcome
        self.details = details
        self.previousHash = previousHash
        self.hash = hash
    }
}

/// A request that may come twice: what was answered to it.
public struct IdempotencyRecord: Sendable, Hashable {
    /// The user who chose the key.
    public var userID: String
    /// The key that the client chose.
    public var key: String
    /// SHA-256 of method, path and body.
    public var requestHash: String
    /// The answer's status; nil while the first request is in flight.
    public var status: Int?
    /// What was answered; nil while the first request is in flight.
    public var body: Data?
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64

    /// Makes a record of its parts.
    public init(userID: String, key: String, requestHash: String, status: Int?, body: Data?, createdAt: Int64) {
        self.userID = userID
        self.key = key
        self.requestHash = requestHash
        self.status = status
        self.body = body
        self.createdAt = createdAt
    }
}

/// What is left of something that was deleted, so that a restored backup deletes it again.
public struct TombstoneRecord: Sendable, Hashable {
    /// The table, such as `analysis` or `patient`.
    public var kind: String
    /// The identifier (`Identifier`).
    public var id: String
    /// Why it was deleted, such as `retention`.
    public var reason: String
    /// When it was deleted, in milliseconds since 1970 UTC.
    public var deletedAt: Int64

    /// Makes a record of its parts.
    public init(kind: String, id: String, reason: String, deletedAt: Int64) {
        self.kind = kind
        self.id = id
        self.reason = reason
        self.deletedAt = deletedAt
    }
}

/// A model that the service has loaded, unloaded or made the default: the history of what was in production.
public struct ModelEventRecord: Sendable, Hashable {
    /// The identifier (`Identifier`).
    public var id: String
    /// The id of the model.
    public var modelID: String
    /// The version of the model.
    public var modelVersion: String
    /// SHA-256 of the bundle's manifest.
    public var modelHash: String
    /// `loaded`, `activated`, `unloaded` or `refused`.
    public var event: String
    /// The user.
    public var userID: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64

    /// Makes a record of its parts.
    public init(
        id: String, modelID: String, modelVersion: String, modelHash: String, event: String, userID: String,
        createdAt: Int64
    ) {
        self.id = id
        self.modelID = modelID
        self.modelVersion = modelVersion
        self.modelHash = modelHash
        self.event = event
        self.userID = userID
        self.createdAt = createdAt
    }
}
