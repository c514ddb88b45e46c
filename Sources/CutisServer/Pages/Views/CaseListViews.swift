/// The timeline of one patient.
struct PatientView {
    /// The analyses of one day.
    struct Visit {
        let time: TimeText
        let count: String
        let cases: [CaseView]
    }

    let patient: String
    let summary: String
    let visits: [Visit]
    /// The address of what comes before these.
    let older: String?
}

/// The way to a patient, and the latest analyses.
struct PatientsView {
    /// To choose from, for users of the whole installation.
    let clinics: [Choice]
    /// What was looked for.
    let patient: String
    let cases: [CaseView]
    let older: String?
}

/// What waits for a second reader.
struct ReviewView {
    /// One analysis that waits.
    struct Item {
        let id: String
        let time: TimeText
        let patient: String
        let verdict: String
        let band: BandView
        let thumbnail: String?
        let reasons: [String]
        let feedback: [FeedbackView]
        let labels: [Choice]
        /// Whether this reader may decide.
        let mayDecide: Bool
    }

    let items: [Item]
    let older: String?
}
