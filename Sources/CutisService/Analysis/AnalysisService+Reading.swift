import CutisCore
public import CutisStorage
public import Foundation

/// Reading what was kept. Objects of other clinics do not exist for a user: they are `.notFound` like any other. Who has
/// seen what is put on record.
extension AnalysisService {
    /// An analysis by id.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`.
    public func find(_ id: String, by principal: Principal) async throws -> Analysis {
        try principal.require(.analysisRead)
        let found = try await database.read { try Self.find(id, by: principal, in: $0) }
        try await access.note(.analysisRead, id, clinicID: found.record.clinicID, by: principal)
        return found
    }

    /// The analyses that the user sees, newest first; with `patientID` those of one patient.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.notFound` for another clinic or patient.
    public func list(_ query: AnalysisQuery = AnalysisQuery(), by principal: Principal) async throws -> AnalysisPage {
        try principal.require(.analysisRead)
        // A list of a device's own analyses would need them to be found by user; it reads each by its id.
        try principal.require(.patientRead)
        var clinicID = principal.clinicID
        if let name = query.clinic { clinicID = try await clinic(named: name, for: principal).id }
        let (scope, limit) = (clinicID, min(max(query.limit, 1), 200))
        let page = try await database.read { transaction in
            if let patient = query.patientID {
                _ = try Self.patient(patient, clinicID: scope, in: transaction)
            }
            let records = try AnalysisRepository(transaction).list(
                clinicID: scope, patientID: query.patientID, limit: limit + 1, before: query.before)
            let page = try records.prefix(limit).map { try Self.whole($0, in: transaction) }
            let next = records.count > limit ? page.last.map { $0.record } : nil
            return AnalysisPage(
                analyses: page, next: next.map { PageCursor(createdAt: $0.createdAt, id: $0.id) })
        }
        if let patient = query.patientID {
            try await access.note(.patientRead, patient, clinicID: page.analyses.first?.record.clinicID, by: principal)
        } else {
            try await access.note(.analysisRead, "-", clinicID: scope, by: principal)
        }
        return page
    }

    /// The patient whom a clinic knows by an identifier of its own.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.requestInvalid` for the identifier, `.notFound`.
    public func patient(
        identifier: String, clinic name: String? = nil, by principal: Principal
    ) async throws -> PatientRecord {
        try principal.require(.patientRead)
        let clinic = try await clinic(named: name, for: principal)
        let pseudonym = try pseudonyms.pseudonym(of: identifier, clinic: clinic.id)
        let found = try await database.read {
            try PatientRepository($0).find(pseudonym: pseudonym, clinicID: clinic.id)
        }
        guard let found else { throw Self.missing("patient") }
        try await access.note(.patientRead, found.id, clinicID: clinic.id, by: principal)
        return found
    }

    /// The patient of a record's id.
    public func patient(_ id: String, by principal: Principal) async throws -> PatientRecord {
        try principal.require(.patientRead)
        let found = try await database.read { try Self.patient(id, clinicID: principal.clinicID, in: $0) }
        try await access.note(.patientRead, id, clinicID: found.clinicID, by: principal)
        return found
    }

    /// The timeline of a patient: the analyses of a record's id, newest first.
    ///
    /// - Throws: as `list`.
    public func history(
        patientID: String, limit: Int = 50, before: PageCursor? = nil, by principal: Principal
    ) async throws -> AnalysisPage {
        try await list(AnalysisQuery(patientID: patientID, limit: limit, before: before), by: principal)
    }

    /// The lesions of one visit, in the order in which they were sent.
    public func visit(_ id: String, by principal: Principal) async throws -> VisitAnalysis {
        try principal.require(.analysisRead)
        let found = try await database.read { transaction in
            guard Identifier.isValid(id),
                let visit = try VisitRepository(transaction).find(id, clinicID: principal.clinicID)
            else { throw Self.missing("visit") }
            let records = try AnalysisRepository(transaction).list(visitID: id, clinicID: visit.clinicID)
            guard records.allSatisfy({ Self.sees($0, principal) }) else { throw Self.missing("visit") }
            return VisitAnalysis(visit: visit, analyses: try records.map { try Self.whole($0, in: transaction) })
        }
        try await access.note(.analysisRead, id, clinicID: found.visit.clinicID, by: principal)
        return found
    }

    /// The bytes of an image as it is kept: without what identifies a person, a place or a camera.
    ///
    /// - Parameter position: the image's place in the case, from 0.
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.blobMissing`, `.storageCorrupt`.
    public func image(
        of id: String, position: Int = 0, by principal: Principal
    ) async throws -> (data: Data, mediaType: String) {
        let analysis = try await find(id, by: principal)
        guard let image = analysis.images.first(where: { $0.position == position }) else {
            throw Self.missing("image")
        }
        return (try await blobs.get(image.blobKey), image.mediaType)
    }

    /// A small JPEG of an image, for lists: made anew from the kept image, beside the decoding of other images.
    ///
    /// - Parameters:
    ///   - position: the image's place in the case, from 0.
    ///   - side: the longer side at most, in pixels.
    /// - Throws: as `image`; `ServiceRefusal` with `.overloaded` when too many images wait to be decoded.
    public func thumbnail(of id: String, position: Int = 0, side: Int, by principal: Principal) async throws -> Data {
        let (data, _) = try await image(of: id, position: position, by: principal)
        return try await models.beside(data) { [cleaning] in try cleaning.thumbnail(data, side: side) }
    }

    /// Where the model looked: computed again from the kept image by the model that answered.
    ///
    /// - Parameters:
    ///   - label: the class that is explained; nil takes the most probable one.
    ///   - position: the image's place in the case, from 0.
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.requestInvalid` for an unknown class,
    ///   `.modelUnavailable` where that version of the model is not loaded any more, `.blobMissing`; and
    ///   `ServiceRefusal` where the queue is full or the deadline past.
    public func explanation(
        of id: String, label: String? = nil, position: Int = 0,
        deadline: ContinuousClock.Instant = .now + .seconds(30), by principal: Principal
    ) async throws -> ExplanationImages {
        let analysis = try await find(id, by: principal)
        let record = analysis.record
        let (data, _) = try await image(of: id, position: position, by: principal)
        let lease = try? await models.lease(
            task: record.kind == .screening ? .screening : .classification, model: record.modelID,
            version: record.modelVersion)
        guard let lease, lease.facts.hash == record.modelHash else {
            let answerer = "\(record.modelID) \(record.modelVersion)"
            throw CutisError(
                .modelUnavailable,
                lease == nil
                    ? "The model \(answerer) that answered is not loaded any more."
                    : "The model \(answerer) that is loaded is not the one that answered.",
                remedy: "Load the bundle with the hash \(record.modelHash).")
        }
        guard let index = lease.facts.labels.index(of: label ?? record.primaryLabel) else {
            throw CutisError(
                .requestInvalid, "The model has no class \((label ?? record.primaryLabel).prefix(40)).",
                remedy: "Name one of \(lease.facts.labels.labels.map(\.id).joined(separator: ", ")).")
        }
        let input = try await lease.prepare(data, name: "image \(position + 1)", keepsPicture: true)
        return try await lease.explain(
            input, classIndex: index, priority: .interactive, client: principal.userID, deadline: deadline)
    }

    /// Signs a preliminary analysis: a clinician or reviewer of its clinic takes it on, once.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.conflict` where it is signed already.
    public func sign(_ id: String, by principal: Principal) async throws -> Analysis {
        try principal.require(.analysisSign)
        let now = clock.now()
        return try await database.write { [audit] transaction in
            var analysis = try Self.find(id, by: principal, in: transaction)
            let isNew = try AnalysisRepository(transaction)
                .sign(id, clinicID: principal.clinicID, by: principal.userID, at: now)
            guard isNew else {
                throw CutisError(
                    .conflict, "The analysis is signed already.",
                    remedy: "Add feedback where you do not agree; a signature is not replaced.")
            }
            (analysis.record.status, analysis.record.signedBy) = (.signed, principal.userID)
            analysis.record.signedAt = now
            try audit.append(
                AuditEntry(
                    Action.analysisSign.rawValue, subject: id, by: principal, clinicID: analysis.record.clinicID,
                    modelHash: analysis.record.modelHash, inputHash: analysis.record.inputHash,
                    threshold: analysis.record.threshold,
                    details: ["primary": .string(analysis.record.primaryLabel)]),
                in: transaction)
            return analysis
        }
    }
}

extension AnalysisService {
    /// The analysis of an id as far as a user sees it.
    static func find(_ id: String, by principal: Principal, in transaction: any Transaction) throws -> Analysis {
        guard Identifier.isValid(id),
            let record = try AnalysisRepository(transaction).find(id, clinicID: principal.clinicID),
            sees(record, principal)
        else { throw missing("analysis") }
        return try whole(record, in: transaction)
    }

    /// Devices see what they sent themselves; people see their clinic's.
    static func sees(_ record: AnalysisRecord, _ principal: Principal) -> Bool {
        principal.sees(clinic: record.clinicID) && (principal.role != .device || record.userID == principal.userID)
    }

    private static func whole(_ record: AnalysisRecord, in transaction: any Transaction) throws -> Analysis {
        Analysis(
            record: record,
            images: try ImageRepository(transaction).list(analysisID: record.id, clinicID: record.clinicID),
            answer: try AnalysisAnswer(stored: record.answer, of: record.id))
    }

    private static func patient(
        _ id: String, clinicID: String?, in transaction: any Transaction
    ) throws -> PatientRecord {
        guard Identifier.isValid(id), let found = try PatientRepository(transaction).find(id, clinicID: clinicID)
        else { throw missing("patient") }
        return found
    }

    /// The same words whether something never was, was deleted, or is another clinic's.
    static func missing(_ what: String) -> CutisError {
        CutisError(.notFound, "There is no such \(what).", remedy: "Check its id, and that it is one of your clinic.")
    }
}
