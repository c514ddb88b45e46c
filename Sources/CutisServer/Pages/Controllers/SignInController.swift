import CutisCore
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird

/// Signing in with a key, signing out, and where everybody starts.
struct SignInController: Controller {
    let accounts: AccountService
    let renderer: PageRenderer
    let isSecure: Bool

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/") { request, context in
            guard let principal = context.principal else { return Response.seeOther("/sign-in") }
            return Response.seeOther(PageCall.home(of: principal))
        }
        group.get("/sign-in") { request, context in
            if let principal = context.principal { return Response.seeOther(PageCall.home(of: principal)) }
            let next = Self.next(request.uri.queryParameters["next"].map { String($0) })
            return try page(renderer.open(request, context), next: next)
        }
        group.post("/sign-in") { request, context in try await signIn(request, context) }
        group.post("/sign-out") { _, context in
            if let session = context.session { try await accounts.signOut(session: session.token) }
            return Response.seeOther("/sign-in", headers: cookie("", seconds: 0))
        }
    }

    /// The way to sign in and back to a page.
    static func path(next request: Request) -> String {
        let path = request.uri.path
        guard request.method == .get, path != "/" else { return "/sign-in" }
        let query = request.uri.query.map { "?\($0)" } ?? ""
        let next = (path + query).addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        return "/sign-in" + (next.map { "?next=\($0)" } ?? "")
    }

    /// A path of this server; anything else, such as another server's address, becomes the start.
    static func next(_ text: String?) -> String {
        guard let text, text.first == "/", text.utf8.count <= 512, !text.hasPrefix("//"), !text.hasPrefix("/sign-"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return "/" }
        return text
    }

    private func signIn(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        // A page of another origin could sign a browser in as somebody else, who then reads what is entered.
        if let site = request.headers[.secFetchSite], !["same-origin", "none"].contains(site) {
            throw CutisError(
                .forbidden, "The request does not come from a page of this server.",
                remedy: "Open this server's own page and sign in there.")
        }
        let form = FormFields(try await context.body(of: request, limit: 16 << 10))
        let next = Self.next(form.first("next"))
        let key = (form.first("key") ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        do {
            let signedIn = try await accounts.signIn(apiKey: key)
            let seconds = max(1, Int((signedIn.expiresAt - Timestamp.now) / 1000))
            return Response.seeOther(next, headers: cookie(signedIn.token, seconds: seconds))
        } catch let error as CutisError where error.code == .unauthenticated {
            let call = renderer.open(request, context)
            let problem = Problem(
                CutisError(
                    .unauthenticated, call.messages.text("sign_in.wrong"),
                    remedy: call.messages.text("sign_in.wrong_remedy")))
            return try page(call, next: next, problem: problem)
        }
    }

    private func page(_ call: PageCall, next: String, problem: Problem? = nil) throws -> Response {
        try call.answer(
            "sign-in", title: call.messages.text("sign_in.title"), SignInView(next: next), problem: problem)
    }

    private func cookie(_ token: String, seconds: Int) -> HTTPFields {
        [.setCookie: BrowserSession.cookie(token: token, isSecure: isSecure, seconds: seconds).description]
    }
}
