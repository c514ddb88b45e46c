/// One analysis, large.
struct AnalysisView {
    /// One image of the case.
    struct Photo {
        let url: String
        let width: Int
        let height: Int
        let alt: String
        /// The address of the heat map, where there can be one.
        let map: String?
    }

    /// The risk in words and on a scale.
    struct Risk {
        /// A range or mark on the scale, in the drawing's own units.
        struct Mark {
            let x: String
            let width: String
            let text: String
        }

        let sentence: String
        /// What the drawing shows, for who does not see it.
        let description: String
        let x: String
        let interval: Mark?
        let threshold: Mark?
    }

    /// One class with its bar.
    struct ClassBar {
        let name: String
        let code: String?
        let percent: String
        /// 0–100.
        let width: String
        /// The place of the class's threshold, 0–100.
        let threshold: String?
        /// `first` for the most probable class, empty for others.
        let style: String
    }

    /// A number or name of this answer.
    struct Fact {
        let name: String
        let value: String
    }

    let id: String
    let patientID: String
    /// What the patient is called on pages: a short code of the pseudonym.
    let patient: String
    let time: TimeText
    let model: String
    let site: String?
    /// `preliminary` or `signed`.
    let state: String
    let stateText: String
    /// By whom it was signed, and when.
    let signed: String?
    let photos: [Photo]
    /// Whether there is a heat map.
    let attention: Bool
    let fullSize: String?
    let band: BandView
    let verdict: String
    let risk: Risk?
    let recommendation: String
    let warnings: [String]
    let intendedUse: String
    let classes: [ClassBar]
    let feedback: [FeedbackView]
    let labels: [Choice]
    let mayAnswer: Bool
    let maySign: Bool
    let facts: [Fact]
}

/// A risk band with its sign; words and shapes say it as well as colours, and no colour says that all is well.
struct BandView {
    /// `high`, `medium`, `low` or `none`.
    let name: String
    let text: String
    let isHigh: Bool
    let isMedium: Bool
    let isLow: Bool
    let isNone: Bool

    init(name: String, text: String) {
        self.name = name
        self.text = text
        isHigh = name == "high"
        isMedium = name == "medium"
        isLow = name == "low"
        isNone = name == "none"
    }
}

/// What somebody said of an analysis.
struct FeedbackView {
    let kind: String
    let label: String
    let author: String
    let note: String?
    let time: TimeText
}

/// One analysis in a list.
struct CaseView {
    let id: String
    let time: TimeText
    let verdict: String
    let band: BandView
    let site: String?
    let model: String
    let state: String
    let stateText: String
    let thumbnail: String?
}
