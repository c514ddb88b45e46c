public import CutisStorage

/// What can be done, as the table of permissions and the audit trail name it.
public enum Action: String, Sendable, Hashable, CaseIterable {
    /// Send images of a patient for an answer, as one lesion, one visit or one screening case.
    case analysisCreate = "analysis.create"
    /// See analyses, their pictures and explanations; devices see their own only.
    case analysisRead = "analysis.read"
    case analysisSign = "analysis.sign"
    /// See which analyses a patient has.
    case patientRead = "patient.read"
    /// Run a model without keeping anything: embeddings, tensors, the quality of an image.
    case inferenceRun = "inference.run"
    case feedbackAdd = "feedback.add"
    case feedbackRead = "feedback.read"
    case feedbackExport = "feedback.export"
    case reviewRead = "review.read"
    case reviewResolve = "review.resolve"
    case auditRead = "audit.read"
    case accountsRead = "accounts.read"
    case accountsManage = "accounts.manage"
    case modelsRead = "models.read"
    case modelsManage = "models.manage"
    case metricsRead = "metrics.read"
    /// Delete analyses and patients, and by age.
    case dataDelete = "data.delete"
}

/// Which role may do what: the one table that every service asks.
public enum Permissions {
    /// Roles that make no sense without a clinic.
    public static let boundToClinic: Set<Role> = [.clinician, .reviewer, .device]

    /// What each role may do.
    public static func actions(of role: Role) -> Set<Action> {
        switch role {
        case .clinician:
            [
                .analysisCreate, .analysisRead, .analysisSign, .patientRead, .inferenceRun, .feedbackAdd, .feedbackRead,
                .modelsRead,
            ]
        case .reviewer:
            [
                .analysisRead, .analysisSign, .patientRead, .inferenceRun, .feedbackAdd, .feedbackRead,
                .feedbackExport, .reviewRead, .reviewResolve, .modelsRead,
            ]
        case .engineer: [.inferenceRun, .modelsRead, .modelsManage, .metricsRead]
        case .auditor: [.auditRead, .accountsRead, .modelsRead, .metricsRead]
        case .device: [.analysisCreate, .analysisRead, .inferenceRun, .modelsRead]
        // An administrator runs the installation, but signs and decides for no clinician.
        case .admin: Set(Action.allCases).subtracting([.analysisSign, .reviewResolve])
        }
    }

    /// Whether a role may do something.
    public static func allows(_ role: Role, _ action: Action) -> Bool { actions(of: role).contains(action) }
}
