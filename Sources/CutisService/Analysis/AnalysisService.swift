public import CutisCore
public import CutisStorage
import Foundation

/// What a model says of the images of a patient: the way of a request from its bytes to what is kept of it.
///
/// Nothing is answered before it is kept: the images are sealed in the blob store and one transaction holds the
/// analysis, its images, the patient and the entry of the audit trail. Where that fails nothing is left.
public struct AnalysisService: Sendable {
    let database: any Database
    let blobs: any BlobStore
    let models: ModelRegistry
    let cleaning: any ImageCleaning
    let audit: AuditService
    let pseudonyms: Pseudonyms
    let metrics: ServiceMetrics
    let clock: ServiceClock
    let limits: AnalysisLimits
    let policy: ReviewPolicy
    let rules: Recommendations?
    let access: AccessTrail

    /// Joins the service's parts.
    ///
    /// - Parameters:
    ///   - blobs: the store of sealed images.
    ///   - rules: the installation's own recommendation rules for lesions; nil takes those of each model's bundle.
    public init(
        database: any Database, blobs: any BlobStore, models: ModelRegistry, cleaning: any ImageCleaning,
        audit: AuditService, secret: InstallationSecret, metrics: ServiceMetrics, clock: ServiceClock = .system,
        limits: AnalysisLimits = AnalysisLimits(), policy: ReviewPolicy = ReviewPolicy(),
        rules: Recommendations? = nil
    ) {
        self.database = database
        self.blobs = blobs
        self.models = models
        self.cleaning = cleaning
        self.audit = audit
        pseudonyms = Pseudonyms(secret)
        self.metrics = metrics
        self.clock = clock
        self.limits = limits
        self.policy = policy
        self.rules = rules
        access = AccessTrail(audit: audit, metrics: metrics)
    }

    /// Answers one lesion.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.notFound` for another clinic, `.requestInvalid` for the patient's
    ///   identifier or the count of images, `.imageTooLarge` and what decoding refuses, `.imageQuality` with what is
    ///   wrong with the image, `.modelUnavailable`; and `ServiceRefusal` where the queue is full or the deadline past.
    public func analyze(_ request: AnalyzeRequest, by principal: Principal) async throws -> Analysis {
        try principal.require(.analysisCreate)
        try count(of: request, 1...1, "An analysis has one image")
        let kept = try await answer(request, .classification, asVisit: false, by: principal)
        return kept.analyses[0]
    }

    /// Answers several lesions of one patient in one pass of the model; all are kept, or none.
    ///
    /// - Throws: as `analyze`.
    public func visit(_ request: AnalyzeRequest, by principal: Principal) async throws -> VisitAnalysis {
        try principal.require(.analysisCreate)
        try count(of: request, 1...limits.visitImages, "A visit has 1–\(limits.visitImages) images")
        let kept = try await answer(request, .classification, asVisit: true, by: principal)
        guard let visit = kept.visit else {
            throw CutisError(.internalFailure, "The visit was not kept.", remedy: "Send it again.")
        }
        return VisitAnalysis(visit: visit, analyses: kept.analyses)
    }

    /// Answers one screening case of 1–3 images, which the model sees together.
    ///
    /// - Throws: as `analyze`.
    public func screen(_ request: AnalyzeRequest, by principal: Principal) async throws -> Analysis {
        try principal.require(.analysisCreate)
        let most = AnalysisLimits.screeningImages
        try count(of: request, 1...most, "A screening case has 1–\(most) images")
        let kept = try await answer(request, .screening, asVisit: false, by: principal)
        return kept.analyses[0]
    }

    private func count(of request: AnalyzeRequest, _ range: ClosedRange<Int>, _ rule: String) throws(CutisError) {
        guard !range.contains(request.images.count) else { return }
        throw CutisError(
            request.images.count > range.upperBound ? .tooManyImages : .requestInvalid,
            "\(rule), the request has \(request.images.count).", remedy: "Send the images in requests of that size.")
    }
}

/// When an answer goes to the reviewers.
public struct ReviewPolicy: Sendable, Hashable {
    /// Two most probable classes nearer to each other than this make an answer uncertain.
    public var uncertainMargin: Double

    /// Joins the parts.
    public init(uncertainMargin: Double = 0.1) {
        self.uncertainMargin = uncertainMargin
    }
}

/// Why a reviewer should look at an analysis, as it is stored in its flags.
public enum ReviewFlag: String, Sendable, Hashable, CaseIterable {
    /// The two most probable classes are close to each other.
    case uncertain
    /// Melanoma reaches its threshold without being the most probable class.
    case melanomaNotPrimary = "melanoma-not-primary"
    /// The image is of limited quality.
    case qualityLimited = "quality-limited"
    /// A clinician or the laboratory names another class.
    case disagreement
}
