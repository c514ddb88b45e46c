/// A page that shows nothing but a problem, which its frame shows.
struct ErrorView {}

/// Signing in.
struct SignInView {
    /// The path to go to afterwards.
    let next: String
}

/// A new image.
struct UploadView {
    /// To choose from, for users of the whole installation.
    let clinics: [Choice]
    /// What was entered before a problem.
    let patient: String
    let sites: [Choice]
}
