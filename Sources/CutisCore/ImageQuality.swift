/// What is wrong with a photo, and what to do about it.
public struct QualityFinding: Sendable, Hashable, Codable {
    /// The reason codes (docs/api.md has the table).
    public enum Code: String, Sendable, Hashable, Codable, CaseIterable {
        case blurred, tooDark = "too-dark", tooBright = "too-bright", lowContrast = "low-contrast"
        case lowResolution = "low-resolution", badFraming = "bad-framing", noSkin = "no-skin"
    }

    /// How bad it is.
    public enum Severity: String, Sendable, Hashable, Codable {
        /// The answer is given with a warning.
        case warning
        /// No answer is given.
        case refusal
    }

    /// What is wrong.
    public var code: Code
    /// How bad it is.
    public var severity: Severity
    /// One sentence: what is wrong.
    public var message: String
    /// One sentence: what to do.
    public var remedy: String

    /// Makes a finding from its code and its two sentences.
    public init(_ code: Code, _ severity: Severity, _ message: String, remedy: String) {
        self.code = code
        self.severity = severity
        self.message = message
        self.remedy = remedy
    }
}

/// How fit a photo is for an answer.
public struct ImageQuality: Sendable, Hashable {
    /// What is wrong with it, worst first; empty for a good photo.
    public var findings: [QualityFinding]
    /// The measured numbers by name, such as `sharpness`, for people who set limits.
    public var measures: [String: Double]

    /// Joins what is wrong and what was measured.
    public init(findings: [QualityFinding], measures: [String: Double]) {
        self.findings = findings
        self.measures = measures
    }

    /// Whether no answer should be given.
    public var isRefused: Bool { findings.contains { $0.severity == .refusal } }
}
