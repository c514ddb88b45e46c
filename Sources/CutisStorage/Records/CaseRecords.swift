/// A patient of a clinic, by a keyed hash of the clinic's own identifier.
public struct PatientRecord: Sendable, Hashable {
    /// The identifier (`Identifier`).
    public var id: String
    /// The clinic that it belongs to.
    public var clinicID: String
    /// HMAC-SHA-256 of the clinic's identifier of the patient, in hexadecimal; nothing else is known of the person.
    public var pseudonym: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64

    /// Makes a record of its parts.
    public init(id: String, clinicID: String, pseudonym: String, createdAt: Int64) {
        self.id = id
        self.clinicID = clinicID
        self.pseudonym = pseudonym
        self.createdAt = createdAt
    }
}

/// Several lesions of one patient that were sent together.
public struct VisitRecord: Sendable, Hashable {
    /// The identifier (`Identifier`).
    public var id: String
    /// The clinic that it belongs to.
    public var clinicID: String
    /// The patient.
    public var patientID: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64

    /// Makes a record of its parts.
    public init(id: String, clinicID: String, patientID: String, createdAt: Int64) {
        self.id = id
        self.clinicID = clinicID
        self.patientID = patientID
        self.createdAt = createdAt
    }
}

/// One answer of a model about one lesion or case.
public struct AnalysisRecord: Sendable, Hashable {
    /// What was asked.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case classification, screening
    }

    /// How far a clinician has gone.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Nobody has signed it.
        case preliminary
        case signed
    }

    /// The identifier (`Identifier`).
    public var id: String
    /// What was asked.
    public var kind: Kind
    /// The clinic that it belongs to.
    public var clinicID: String
    /// The patient.
    public var patientID: String
    /// The visit.
    public var visitID: String?
    /// Who sent it.
    public var userID: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64
    /// The id of the model.
    public var modelID: String
    /// The version of the model.
    public var modelVersion: String
    /// SHA-256 of the bundle's manifest, which holds the hashes of all its files.
    public var modelHash: String
    /// SHA-256 over the SHA-256 of each image as it was sent, in order.
    public var inputHash: String
    /// The id of the most probable class, or of the screen's first class.
    public var primaryLabel: String
    /// The probability of that class, 0…1.
    public var probability: Double
    /// The threshold of the class that decides (melanoma, or the screen's), where there is one.
    public var threshold: Double?
    /// The answer as it was sent, JSON without pictures.
    public var answer: String
    /// Why a reviewer should look at it; empty where nothing calls for it.
    public var flags: [String]
    /// How far a clinician has gone.
    public var status: Status
    /// The user who signed.
    public var signedBy: String?
    /// When it was signed.
    public var signedAt: Int64?
    /// From the request to the answer, in milliseconds.
    public var latencyMilliseconds: Double

    /// Makes a record of its parts.
    public init(
        id: String, kind: Kind, clinicID: String, patientID: String, visitID: String?, userID: String,
        createdAt: Int64, modelID: String, modelVersion: String, modelHash: String, inputHash: String,
        primaryLabel: String, probability: Double, threshold: Double?, answer: String, flags: [String],
        status: Status = .preliminary, signedBy: String? = nil, signedAt: Int64? = nil, latencyMilliseconds: Double
    ) {
        self.id = id
        self.kind = kind
        self.clinicID = clinicID
        self.patientID = patientID
        self.visitID = visitID
        self.userID = userID
        self.createdAt = createdAt
        self.modelID = modelID
        self.modelVersion = modelVersion
        self.modelHash = modelHash
        self.inputHash = inputHash
        self.primaryLabel = primaryLabel
        self.probability = probability
        self.threshold = threshold
        self.answer = answer
        self.flags = flags
        self.status = status
        self.signedBy = signedBy
        self.signedAt = signedAt
        self.latencyMilliseconds = latencyMilliseconds
    }
}

/// One image of an analysis; its bytes are in the blob store, sealed.
public struct ImageRecord: Sendable, Hashable {
    /// The identifier (`Identifier`).
    public var id: String
    /// The analysis.
    public var analysisID: String
    /// The clinic that it belongs to.
    public var clinicID: String
    /// The image's place in the case, from 0.
    public var position: Int
    /// The key of the bytes in the blob store.
    public var blobKey: String
    /// SHA-256 of the image as it was sent, in hexadecimal.
    public var sha256: String
    /// In pixels, as it was sent.
    public var width: Int
    /// In pixels, as it was sent.
    public var height: Int
    /// The media type of what is kept.
    public var mediaType: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64

    /// Makes a record of its parts.
    public init(
        id: String, analysisID: String, clinicID: String, position: Int, blobKey: String, sha256: String, width: Int,
        height: Int, mediaType: String, createdAt: Int64
    ) {
        self.id = id
        self.analysisID = analysisID
        self.clinicID = clinicID
        self.position = position
        self.blobKey = blobKey
        self.sha256 = sha256
        self.width = width
        self.height = height
        self.mediaType = mediaType
        self.createdAt = createdAt
    }
}

/// What a clinician says of an analysis.
public struct FeedbackRecord: Sendable, Hashable {
    /// What is said.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case confirmation, correction, histology
    }

    /// The identifier (`Identifier`).
    public var id: String
    /// The analysis.
    public var analysisID: String
    /// The clinic that it belongs to.
    public var clinicID: String
    /// The user.
    public var userID: String
    /// What is said.
    public var kind: Kind
    /// The id of the class that the clinician or the laboratory names.
    public var label: String
    /// Free text of the clinician.
    public var note: String?
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64

    /// Makes a record of its parts.
    public init(
        id: String, analysisID: String, clinicID: String, userID: String, kind: Kind, label: String, note: String?,
        createdAt: Int64
    ) {
        self.id = id
        self.analysisID = analysisID
        self.clinicID = clinicID
        self.userID = userID
        self.kind = kind
        self.label = label
        self.note = note
        self.createdAt = createdAt
    }
}
