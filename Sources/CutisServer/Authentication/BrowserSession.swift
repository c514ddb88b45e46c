import Hummingbird

/// A browser that is signed in: the cookie that says so, and the token against forged requests that goes with it.
struct BrowserSession: Sendable, Hashable {
    /// The cookie's value, 256 random bits in text.
    let token: String
    /// What every form and script of the session sends back: `csrf_token` of a form, or the header `X-CSRF-Token`.
    let csrfToken: String

    /// Joins both.
    init(token: String, csrfToken: String) {
        self.token = token
        self.csrfToken = csrfToken
    }

    /// The cookie's name: with TLS the `__Host-` prefix ties it to this host and to TLS.
    static func cookieName(isSecure: Bool) -> String { isSecure ? "__Host-cutis" : "cutis" }

    /// The cookie that signs a browser in.
    ///
    /// - Parameter seconds: how long it is kept; 0 signs out.
    static func cookie(token: String, isSecure: Bool, seconds: Int) -> Cookie {
        Cookie(
            name: cookieName(isSecure: isSecure), value: token, maxAge: seconds, path: "/", secure: isSecure,
            httpOnly: true, sameSite: .strict)
    }
}
