import CutisCore
import Hummingbird

/// What the `type` of each problem leads to: the codes with their status and when they come.
struct ErrorPageController: Controller {
    let renderer: PageRenderer

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/errors") { request, context in
            let call = renderer.open(request, context)
            let entries = ErrorCode.allCases.map { code in
                ErrorCodeView(
                    code: code.rawValue, status: code.status.code, text: call.messages.choice("codes", code.rawValue))
            }
            return try call.answer(
                "errors", title: call.messages.text("errors.title"), ErrorCodesView(entries: entries))
        }
    }
}
