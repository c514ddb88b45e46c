public import CutisService
public import CutisStorage

/// Everything that controllers and pages call, made once at the start.
public struct ServiceContainer: Sendable {
    /// What models say of images, and what was kept of it.
    public var analyses: AnalysisService
    /// Clinics, users, keys and sessions.
    public var accounts: AccountService
    /// What clinicians and laboratories say of answers.
    public var feedback: FeedbackService
    /// The reviewers' queue.
    public var reviews: ReviewService
    /// The audit trail.
    public var audit: AuditService
    /// Deletion.
    public var retention: RetentionService
    /// Requests that may come twice.
    public var idempotency: IdempotencyService
    /// The models that are loaded.
    public var models: ModelRegistry
    /// How much each client may ask for.
    public var admission: AdmissionController
    /// The metrics of the whole server.
    public var metrics: ServiceMetrics
    /// Where everything is kept.
    public var database: any Database
    /// How the server listens.
    public var configuration: ServerConfiguration

    /// Joins the parts.
    public init(
        analyses: AnalysisService, accounts: AccountService, feedback: FeedbackService, reviews: ReviewService,
        audit: AuditService, retention: RetentionService, idempotency: IdempotencyService, models: ModelRegistry,
        admission: AdmissionController,
        metrics: ServiceMetrics, database: any Database, configuration: ServerConfiguration
    ) {
        self.analyses = analyses
        self.accounts = accounts
        self.feedback = feedback
        self.reviews = reviews
        self.audit = audit
        self.retention = retention
        self.idempotency = idempotency
        self.models = models
        self.admission = admission
        self.metrics = metrics
        self.database = database
        self.configuration = configuration
    }
}
