import CutisCore
import CutisService
import CutisStorage
import HTTPTypes
import Hummingbird
import Mustache
import NIOCore

/// Makes pages for browsers: chooses the language, puts the frame around a view, writes HTML.
struct PageRenderer: Sendable {
    let resources: PageResources

    /// A page for one request.
    func open(_ request: Request, _ context: AppRequestContext) -> PageCall {
        open(request, principal: context.principal, csrf: context.session?.csrfToken ?? "", id: context.requestID)
    }

    /// A page for a request of which no more is known than this.
    func open(_ request: Request, principal: Principal?, csrf: String, id: String) -> PageCall {
        PageCall(
            renderer: self, messages: resources.catalogue(for: request.headers[.acceptLanguage]),
            path: request.uri.path,
            principal: principal, csrf: csrf, requestID: id,
            notice: request.uri.queryParameters["done"].map { String($0) })
    }
}

/// One page on its way to one browser.
struct PageCall: Sendable {
    let renderer: PageRenderer
    let messages: MessageCatalogue
    let path: String
    let principal: Principal?
    let csrf: String
    let requestID: String
    /// The key of a text that says what has just been done.
    let notice: String?

    /// The page.
    ///
    /// - Parameters:
    ///   - template: the template's name.
    ///   - title: the title of the window.
    ///   - problem: what stands above the page's content.
    func answer(
        _ template: String, title: String, _ view: some Any, problem: Problem? = nil
    ) throws(CutisError) -> Response {
        let page = Page(
            lang: messages.language, m: messages.root, assets: AssetController.path(renderer.resources), title: title,
            user: principal.map { PageUser(name: $0.name, role: messages.choice("roles", $0.role.rawValue)) },
            nav: principal.map { links(for: $0) } ?? [], csrf: csrf,
            // Only what the catalogue has: a link cannot put words of its own on a page.
            notice: problem == nil ? notice.flatMap { messages.texts["notices.\($0)"] } : nil,
            problem: problem.map { ProblemView($0, requestID: requestID, principal: principal) }, view: view)
        guard let text = renderer.resources.templates.render(page, withTemplate: template) else {
            throw CutisError(
                .internalFailure, "There is no page template \(template).", remedy: "Install Cutis again.")
        }
        var headers = problem?.headers ?? [:]
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.cacheControl] = "no-store"
        headers[.vary] = "Accept-Language, Cookie"
        if let seconds = problem?.retryAfter { headers[.retryAfter] = String(seconds) }
        return Response(
            status: problem?.status ?? .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Who asks.
    ///
    /// - Throws: `CutisError` with `.unauthenticated`; `PageErrorMiddleware` turns it into the way to sign in.
    func user() throws(CutisError) -> Principal {
        guard let principal else {
            throw CutisError(
                .unauthenticated, messages.text("sign_in.expired"), remedy: messages.text("sign_in.key_help"))
        }
        return principal
    }

    /// The address at which a role starts.
    static func home(of principal: Principal) -> String {
        switch principal.role {
        case .clinician, .device, .admin: "/upload"
        case .reviewer: "/review"
        case .engineer: "/engineer"
        case .auditor: "/audit"
        }
    }

    /// The menu: what the role may see.
    private func links(for principal: Principal) -> [PageLink] {
        let all: [(name: String, href: String, action: Action)] = [
            ("upload", "/upload", .analysisCreate), ("patients", "/patients", .patientRead),
            ("review", "/review", .reviewRead), ("engineer", "/engineer", .metricsRead),
            ("admin", "/admin", .accountsRead), ("audit", "/audit", .auditRead),
        ]
        return all.filter { principal.may($0.action) }.map { one in
            PageLink(
                href: one.href, text: messages.choice("nav", one.name),
                current: path == one.href || path.hasPrefix(one.href + "/"))
        }
    }
}

extension ProblemView {
    /// A problem as the person may see it: what went wrong inside the server is for its operators.
    init(_ problem: Problem, requestID: String, principal: Principal?) {
        let error = problem.error
        let isHidden = error.code.isFailureOfServer && principal?.may(.modelsManage) != true
        self.init(
            code: error.code.rawValue, message: isHidden ? error.code.title + "." : error.message,
            remedy: isHidden ? error.code.remedyForOthers : error.remedy, requestID: requestID)
    }
}

extension Response {
    /// Sends a browser on after a form, so that loading again does not send the form again.
    static func seeOther(_ path: String, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.location] = path
        headers[.cacheControl] = "no-store"
        return Response(status: .seeOther, headers: headers)
    }
}
