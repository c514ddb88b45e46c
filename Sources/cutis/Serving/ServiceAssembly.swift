import CutisCore
import CutisImaging
import CutisMonitoring
import CutisServer
import CutisService
import CutisStorage
import Foundation
import Logging

/// Puts the service together: storage, models, everything that a request calls.
struct ServiceAssembly {
    let configuration: ServiceConfiguration
    let storage: ServiceStorage
    let logger: Logger

    /// Prepares the database's content, loads the models and joins the parts.
    func assemble() async throws -> ServiceContainer {
        let (database, secret) = (storage.database, storage.secret)
        let audit = try AuditService(database: database, secret: secret)
        let accounts = AccountService(database: database, audit: audit, secret: secret)
        if let key = try await accounts.bootstrap()?.key.text {
            // Shown at once: whatever keeps the first run from going on, the key is in the database and never shown again.
            try StandardOutput.write("admin key: \(key)\n           It is shown this once; keep it safe.\n")
        }
        let idempotency = IdempotencyService(database: database)
        try await idempotency.freeUnfinished()
        let retention = RetentionService(
            database: database, blobs: storage.images, audit: audit, secret: secret, policy: configuration.retention)
        let metrics = ServiceMetrics()
        let rules = try configuration.recommendationRules()
        let models = ModelRegistry(
            loader: configuration.loader(rules: rules), limits: configuration.limits, metrics: metrics,
            record: { try await Self.record($0, audit, database) })
        try await load(models)
        let analyses = AnalysisService(
            database: database, blobs: storage.images, models: models,
            cleaning: MetadataCleaner(cleaner: ImageCleaner(limits: configuration.decodeLimits)), audit: audit,
            secret: secret, metrics: metrics,
            limits: AnalysisLimits(
                imageBytes: configuration.server.limits.imageBytes,
                imagePixels: configuration.decodeLimits.maximumPixels,
                visitImages: configuration.server.limits.imagesPerVisit),
            policy: configuration.review, rules: rules)
        return ServiceContainer(
            analyses: analyses, accounts: accounts, feedback: FeedbackService(database: database, audit: audit),
            reviews: ReviewService(database: database, audit: audit), audit: audit, retention: retention,
            idempotency: idempotency, models: models,
            admission: AdmissionController(limits: configuration.clients, metrics: metrics), metrics: metrics,
            database: database, configuration: configuration.server)
    }

    /// Loads the bundles; the first of each task answers the requests that name no model.
    private func load(_ models: ModelRegistry) async throws {
        var tasks: Set<ModelFacts.Task> = []
        for bundle in configuration.bundles {
            do {
                let facts = try await models.load(bundle)
                logger.notice(
                    "a model is loaded and reproduces its golden case",
                    metadata: ["model": "\(facts.identity.id)", "version": "\(facts.identity.version)"])
                guard tasks.insert(facts.task).inserted else { continue }
                try await models.activate(facts.identity.id, version: facts.identity.version)
            } catch let refusal as ServiceRefusal {
                throw refusal.error
            }
        }
    }

    /// Puts on record which model was in production when.
    private static func record(
        _ event: ModelEvent, _ audit: AuditService, _ database: any Database
    ) async throws {
        let now = Timestamp.now
        let name = event.facts?.identity.id ?? URL(fileURLWithPath: event.bundle).lastPathComponent
        let row = ModelEventRecord(
            id: Identifier.make(milliseconds: now), modelID: name, modelVersion: event.facts?.identity.version ?? "",
            modelHash: event.facts?.hash ?? "", event: event.kind.rawValue, userID: event.userID, createdAt: now)
        let actor = Principal(userID: event.userID, name: event.userID, role: .admin, clinicID: nil)
        let entry = AuditEntry(
            "model.\(event.kind.rawValue)", subject: name, by: actor, modelHash: event.facts?.hash,
            outcome: event.error?.code.rawValue ?? "ok",
            details: ["version": .string(event.facts?.identity.version ?? "")])
        try await database.write { transaction in
            try ModelEventRepository(transaction).insert(row)
            _ = try audit.append(entry, in: transaction)
        }
    }
}
