import CutisCore
import CutisStorage

/// One analysis before it is kept: its images with their places in the blob store.
struct AnalysisDraft: Sendable {
    struct Image: Sendable {
        let id: String
        let key: String
        let image: IncomingImage
    }

    let id: String
    let images: [Image]
}

/// What one request leaves in the database, in one transaction: patient, visit, analyses, images, entries of the audit
/// trail, and the link from its idempotency key.
struct AnalysisCommit: Sendable {
    let request: AnalyzeRequest
    let principal: Principal
    let clinicID: String
    let pseudonym: String
    let facts: ModelFacts
    let now: Int64
    let latency: Double

    func keep(
        _ drafts: [AnalysisDraft], _ composed: [AnswerComposer.Composed], asVisit: Bool, _ audit: AuditService,
        in transaction: any Transaction
    ) throws -> AnalysisService.Kept {
        let patient = try PatientRepository(transaction).findOrInsert(
            PatientRecord(
                id: Identifier.make(milliseconds: now), clinicID: clinicID, pseudonym: pseudonym, createdAt: now))
        var visit: VisitRecord?
        if asVisit {
            let record = VisitRecord(
                id: Identifier.make(milliseconds: now), clinicID: clinicID, patientID: patient.id, createdAt: now)
            try VisitRepository(transaction).insert(record)
            visit = record
        }
        let analyses = try zip(drafts, composed).map { draft, composed in
            let record = record(of: draft, composed, patientID: patient.id, visitID: visit?.id)
            try AnalysisRepository(transaction).insert(record)
            let images = imageRecords(of: draft)
            for image in images { try ImageRepository(transaction).insert(image) }
            return Analysis(record: record, images: images, answer: composed.answer)
        }
        if let claim = request.claim {
            try claim.link(analyses: analyses.map(\.record.id), visit: visit?.id, in: transaction)
        }
        // Last, because other writers wait from here on.
        for analysis in analyses { try audit.append(entry(of: analysis), in: transaction) }
        return AnalysisService.Kept(visit: visit, analyses: analyses)
    }

    private func record(
        of draft: AnalysisDraft, _ composed: AnswerComposer.Composed, patientID: String, visitID: String?
    ) -> AnalysisRecord {
        AnalysisRecord(
            id: draft.id, kind: facts.task == .screening ? .screening : .classification, clinicID: clinicID,
            patientID: patientID, visitID: visitID, userID: principal.userID, createdAt: now,
            modelID: facts.identity.id, modelVersion: facts.identity.version, modelHash: facts.hash,
            inputHash: AnalysisService.inputHash(of: draft.images.map(\.image)),
            primaryLabel: composed.answer.primary?.id ?? "", probability: composed.answer.primary?.probability ?? 0,
            threshold: composed.threshold, answer: composed.stored,
            flags: composed.flags.map(\.rawValue), status: .preliminary, signedBy: nil, signedAt: nil,
            latencyMilliseconds: latency)
    }

    private func imageRecords(of draft: AnalysisDraft) -> [ImageRecord] {
        draft.images.enumerated().map { position, image in
            let size = image.image.input.size
            return ImageRecord(
                id: image.id, analysisID: draft.id, clinicID: clinicID, position: position, blobKey: image.key,
                sha256: image.image.sha256, width: size.width, height: size.height,
                mediaType: image.image.mediaType, createdAt: now)
        }
    }

    private func entry(of analysis: Analysis) -> AuditEntry {
        let (record, answer) = (analysis.record, analysis.answer)
        var details: [String: OrderedJSON] = [
            "kind": .string(record.kind.rawValue), "images": .integer(analysis.images.count),
            "model": .string("\(record.modelID)@\(record.modelVersion)"), "primary": .string(record.primaryLabel),
            "probability": .number(record.probability), "quality": .string(answer.quality.level.rawValue),
            "flags": .array(record.flags.map { .string($0) }),
        ]
        details["visit"] = record.visitID.map { .string($0) }
        details["rules"] = answer.recommendation.rules.map { .string($0) }
        return AuditEntry(
            "analysis.create", subject: record.id, by: principal, clinicID: clinicID, modelHash: record.modelHash,
            inputHash: record.inputHash, threshold: record.threshold, details: details)
    }
}
