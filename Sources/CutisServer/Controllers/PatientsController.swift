import CutisCore
import CutisService
import CutisStorage
import HTTPTypes
import Hummingbird

/// Patients by the clinic's own identifier, and what was analysed of them.
struct PatientsController: Controller {
    let analyses: AnalysisService
    let retention: RetentionService

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.post("/api/v1/patients/search", use: search)
        group.get("/api/v1/patients/{id}", use: find)
        group.get("/api/v1/patients/{id}/analyses", use: history)
        group.delete("/api/v1/patients/{id}", use: delete)
    }

    /// A POST, so that the clinic's identifier stands in no address and no log of a proxy.
    @Sendable
    private func search(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.patientRead)
        var fields = try await context.fields(of: request)
        let identifier = try fields.text("patient_id", length: 1...128)
        let clinic = try fields.optionalText("clinic_id", length: 1...64)
        try fields.finish()
        return .json(
            Self.answer(try await analyses.patient(identifier: identifier, clinic: clinic, by: principal)))
    }

    @Sendable
    private func find(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        return .json(Self.answer(try await analyses.patient(context.identifier("id"), by: principal)))
    }

    @Sendable
    private func history(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let (limit, before) = (try query.limit(), try query.cursor())
        try query.finish()
        return .json(
            AnalysesController.answer(
                try await analyses.history(
                    patientID: context.identifier("id"), limit: limit, before: before, by: principal)))
    }

    @Sendable
    private func delete(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.dataDelete)
        var query = try QueryFields(request)
        let reason = try query.text("reason", length: 1...40) ?? "request"
        try query.finish()
        try await retention.deletePatient(context.identifier("id"), reason: reason, by: principal)
        return .nothing
    }

    private static func answer(_ patient: PatientRecord) -> OrderedJSON {
        .object([
            "id": .string(patient.id), "clinic": .string(patient.clinicID),
            "created_at": .integer(Int(patient.createdAt)),
        ])
    }

    var operations: [Operation] {
        let id = Operation.Parameter.path("id", "The patient's record.")
        return [
            Operation(
                method: .post, path: "/api/v1/patients/search", id: "findPatient", tag: "Patients",
                summary: "The record of a patient whom the clinic knows by an identifier of its own.",
                access: .action(.patientRead), body: [.json(.reference("PatientSearch"))],
                answers: [.json(.reference("Patient"))], problems: [.notFound]),
            Operation(
                method: .get, path: "/api/v1/patients/{id}", id: "getPatient", tag: "Patients",
                summary: "A patient's record; it holds nothing of the person.", access: .action(.patientRead),
                parameters: [id], answers: [.json(.reference("Patient"))]),
            Operation(
                method: .get, path: "/api/v1/patients/{id}/analyses", id: "getHistory", tag: "Patients",
                summary: "The analyses of a patient, newest first.", access: .action(.patientRead),
                parameters: [id] + APISchemas.page, answers: [.json(.reference("AnalysisPage"))]),
            Operation(
                method: .delete, path: "/api/v1/patients/{id}", id: "deletePatient", tag: "Patients",
                summary: "Delete a patient with all analyses and images, for ever.", access: .action(.dataDelete),
                parameters: [id, APISchemas.reason], status: .noContent),
        ]
    }
}
