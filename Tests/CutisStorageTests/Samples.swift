import CutisStorage
import Foundation

/// Records for tests, all different and all valid.
enum Samples {
    static func clinic(_ name: String, at time: Int64 = 1000) -> ClinicRecord {
        ClinicRecord(id: Identifier.make(), name: name, title: "Clinic \(name)", createdAt: time)
    }

    static func user(_ clinicID: String?, role: Role = .clinician, at time: Int64 = 1000) -> UserRecord {
        UserRecord(id: Identifier.make(), clinicID: clinicID, name: "Dr “Ö’Neill”; --", role: role, createdAt: time)
    }

    static func key(_ userID: String, at time: Int64 = 1000) -> APIKeyRecord {
        APIKeyRecord(
            id: Identifier.make(), userID: userID, prefix: "ck_12345", hash: UUID().uuidString, createdAt: time,
            expiresAt: time + 10)
    }

    static func session(_ key: APIKeyRecord, expires: Int64 = 5000) -> SessionRecord {
        SessionRecord(
            hash: UUID().uuidString, userID: key.userID, keyID: key.id, createdAt: 1000, expiresAt: expires)
    }

    static func patient(_ clinicID: String, at time: Int64 = 1000) -> PatientRecord {
        PatientRecord(id: Identifier.make(), clinicID: clinicID, pseudonym: UUID().uuidString, createdAt: time)
    }

    static func visit(_ patient: PatientRecord, at time: Int64 = 1000) -> VisitRecord {
        VisitRecord(
            id: Identifier.make(), clinicID: patient.clinicID, patientID: patient.id, createdAt: time)
    }

    static func analysis(
        _ patient: PatientRecord, by userID: String, visitID: String? = nil, at time: Int64 = 1000,
        flags: [String] = []
    ) -> AnalysisRecord {
        AnalysisRecord(
            id: Identifier.make(), kind: .classification, clinicID: patient.clinicID, patientID: patient.id,
            visitID: visitID, userID: userID, createdAt: time, modelID: "cutis-dermoscopy", modelVersion: "1.0.0",
            modelHash: "aa", inputHash: "bb", primaryLabel: "MEL", probability: 0.1 + 0.2, threshold: 1 / 3,
            answer: #"{"primary":"MEL","text":"ä ? $1 '"}"#, flags: flags, latencyMilliseconds: 12.5)
    }

    static func image(_ analysis: AnalysisRecord, position: Int = 0) -> ImageRecord {
        let id = Identifier.make()
        return ImageRecord(
            id: id, analysisID: analysis.id, clinicID: analysis.clinicID, position: position,
            blobKey: "images/\(id)", sha256: "cc", width: 600, height: 450, mediaType: "image/jpeg",
            createdAt: analysis.createdAt)
    }

    static func feedback(
        _ analysis: AnalysisRecord, by userID: String, kind: FeedbackRecord.Kind = .correction, at time: Int64 = 2000
    ) -> FeedbackRecord {
        FeedbackRecord(
            id: Identifier.make(), analysisID: analysis.id, clinicID: analysis.clinicID, userID: userID, kind: kind,
            label: "NV", note: "a note\nin two lines", createdAt: time)
    }

    static func audit(after head: AuditHead, clinicID: String? = nil, subject: String = "subject") -> AuditRecord {
        AuditRecord(
            sequence: head.sequence + 1, time: 1000, actor: "system", clinicID: clinicID, action: "analysis.create",
            subject: subject, modelHash: nil, inputHash: "dd", threshold: 0.25, outcome: "ok", details: "{}",
            previousHash: head.hash, hash: "hash-\(head.sequence + 1)")
    }
}

/// One clinic with one of everything.
struct SampleClinic: Sendable {
    let clinic: ClinicRecord
    let user: UserRecord
    let key: APIKeyRecord
    let patient: PatientRecord
    let visit: VisitRecord
    let analysis: AnalysisRecord
    let image: ImageRecord
    let feedback: FeedbackRecord

    /// Makes and stores it.
    init(_ name: String, in database: any Database) async throws {
        let clinic = Samples.clinic(name)
        let user = Samples.user(clinic.id)
        let key = Samples.key(user.id)
        let patient = Samples.patient(clinic.id)
        let visit = Samples.visit(patient)
        let analysis = Samples.analysis(patient, by: user.id, visitID: visit.id, flags: ["low-quality"])
        let image = Samples.image(analysis)
        let feedback = Samples.feedback(analysis, by: user.id)
        try await database.write { transaction in
            try ClinicRepository(transaction).insert(clinic)
            try UserRepository(transaction).insert(user)
            try APIKeyRepository(transaction).insert(key)
            _ = try PatientRepository(transaction).findOrInsert(patient)
            try VisitRepository(transaction).insert(visit)
            try AnalysisRepository(transaction).insert(analysis)
            try ImageRepository(transaction).insert(image)
            try FeedbackRepository(transaction).insert(feedback)
            let audit = AuditRepository(transaction)
            try audit.append(Samples.audit(after: audit.lockHead(), clinicID: clinic.id, subject: analysis.id))
        }
        self.clinic = clinic
        self.user = user
        self.key = key
        self.patient = patient
        self.visit = visit
        self.analysis = analysis
        self.image = image
        self.feedback = feedback
    }
}
