import CutisMonitoring
import CutisService
import Foundation
import Hummingbird

/// How the service does: latency, throughput, queue, errors, models.
struct EngineerPageController: Controller {
    let container: ServiceContainer
    let renderer: PageRenderer

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/engineer") { request, context in
            let call = renderer.open(request, context)
            let principal = try call.user()
            try principal.require(.metricsRead)
            try principal.require(.modelsRead)
            let models = await container.models.models()
            let presenter = OperationPresenter(
                metrics: container.metrics, models: models, messages: call.messages)
            return try call.answer("engineer", title: call.messages.text("engineer.title"), presenter.view)
        }
    }
}
