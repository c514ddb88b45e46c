public import CutisStorage
public import Foundation

/// Images of one patient of one clinic, and what is wanted of them.
public struct AnalyzeRequest: Sendable {
    /// The files as they were sent: one for `analyze`, the lesions of a visit, the 1–3 images of a screening case.
    public var images: [Data]
    /// The clinic's name (`clinic_id`); nil for the user's own.
    public var clinic: String?
    /// The clinic's own identifier of the patient; only its keyed hash is kept.
    public var patient: String
    /// Where on the body the lesion of each image is; one for all images of a case, none where nobody says.
    public var sites: [BodySite]
    /// The model's id; nil for the one that is active for the task.
    public var model: String?
    /// The model's version; nil for the active one.
    public var version: String?
    /// Whether the answer carries the heat map; it can always be asked for later.
    public var includesExplanation: Bool
    /// How urgent it is.
    public var priority: Priority
    /// When an answer is of no use any more.
    public var deadline: ContinuousClock.Instant
    /// The idempotency key under which the request came, so that its answer is found again after a crash.
    public var claim: IdempotencyClaim?

    /// Joins the parts.
    public init(
        images: [Data], clinic: String? = nil, patient: String, sites: [BodySite] = [],
        model: String? = nil, version: String? = nil, includesExplanation: Bool = false,
        priority: Priority = .interactive,
        deadline: ContinuousClock.Instant = .now + .seconds(30), claim: IdempotencyClaim? = nil
    ) {
        self.images = images
        self.clinic = clinic
        self.patient = patient
        self.sites = sites
        self.model = model
        self.version = version
        self.includesExplanation = includesExplanation
        self.priority = priority
        self.deadline = deadline
        self.claim = claim
    }

    /// Where the lesion of an image is.
    func site(ofImage index: Int) -> BodySite? {
        sites.count == images.count ? sites[index] : sites.first
    }
}

/// Images whose features are wanted.
public struct EmbedRequest: Sendable {
    /// The files as they were sent.
    public var images: [Data]
    /// The model's id; nil for the active embedding model, or the active classifier, whose features are as good.
    public var model: String?
    /// The version; nil for the active one.
    public var version: String?
    /// How urgent it is.
    public var priority: Priority
    /// When an answer is of no use any more.
    public var deadline: ContinuousClock.Instant

    /// Joins the parts.
    public init(
        images: [Data], model: String? = nil, version: String? = nil, priority: Priority = .interactive,
        deadline: ContinuousClock.Instant = .now + .seconds(30)
    ) {
        self.images = images
        self.model = model
        self.version = version
        self.priority = priority
        self.deadline = deadline
    }
}

/// How much one request may bring.
public struct AnalysisLimits: Sendable, Hashable {
    /// The most bytes of one image file.
    public var imageBytes: Int
    /// The most pixels of one decoded image.
    public var imagePixels: Int
    /// The most lesions of one visit.
    public var visitImages: Int
    /// The most images of one embedding request.
    public var embeddingImages: Int

    /// Joins the parts.
    public init(
        imageBytes: Int = 20 << 20, imagePixels: Int = 50_000_000, visitImages: Int = 16, embeddingImages: Int = 16
    ) {
        self.imageBytes = imageBytes
        self.imagePixels = imagePixels
        self.visitImages = visitImages
        self.embeddingImages = embeddingImages
    }

    /// A screening case has 1–3 images.
    public static let screeningImages = 3
}

/// Whose analyses, since when, of what kind: a question to the store, newest first.
public struct AnalysisQuery: Sendable, Hashable {
    /// The clinic's name; nil for all that the user sees.
    public var clinic: String?
    /// The id of a patient's record.
    public var patientID: String?
    /// How many at most.
    public var limit: Int
    /// The place after which to go on: the last analysis of the page before.
    public var before: PageCursor?

    /// Joins the parts.
    public init(clinic: String? = nil, patientID: String? = nil, limit: Int = 50, before: PageCursor? = nil) {
        self.clinic = clinic
        self.patientID = patientID
        self.limit = limit
        self.before = before
    }
}
