import CutisService
import CutisStorage

/// What the pages name by a group of texts, and all that the group must hold.
enum PageChoices {
    static let all: [(group: String, names: [String])] = [
        ("roles", Role.allCases.map(\.rawValue)),
        ("states", AnalysisRecord.Status.allCases.map(\.rawValue)),
        ("kinds", FeedbackRecord.Kind.allCases.map(\.rawValue)),
        ("flags", ReviewFlag.allCases.map(\.rawValue)),
        ("sites", BodySite.allCases.map(\.rawValue) + ["none"]),
        ("model_states", ModelState.allCases.map(\.rawValue)),
        ("labels", [FeedbackService.otherLabel]),
        ("nav", ["upload", "patients", "review", "engineer", "admin", "audit"]),
        ("problem", ["title", "not_found", "forbidden"]),
        (
            "notices",
            [
                "assessed", "signed", "reviewed", "user_added", "clinic_added", "key_revoked", "user_disabled",
            ]
        ),
    ]
}
