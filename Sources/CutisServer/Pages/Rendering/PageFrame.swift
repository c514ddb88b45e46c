/// What every page has around its own view.
struct Page<View> {
    let lang: String
    let m: MessageGroup
    /// The folder of the assets, with their version.
    let assets: String
    let title: String
    let user: PageUser?
    let nav: [PageLink]
    /// What every form sends back; empty before signing in.
    let csrf: String
    let notice: String?
    let problem: ProblemView?
    let view: View
}

/// The person at the browser.
struct PageUser {
    let name: String
    let role: String
}

/// One entry of the menu.
struct PageLink {
    let href: String
    let text: String
    let current: Bool
}

/// An error for the person who meets it.
struct ProblemView {
    let code: String
    let message: String
    let remedy: String
    let requestID: String?

    init(code: String, message: String, remedy: String, requestID: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.requestID = requestID
    }
}

/// An entry of a list to choose from.
struct Choice {
    let value: String
    let text: String
    var selected = false
}
