import CutisCore
import CutisService
import Foundation
import HTTPTypes
import Hummingbird

/// The Open Inference Protocol, version 2, over REST: the models' probabilities and features without patients, records
/// or advice, for systems that speak to other inference servers the same way.
struct OpenInferenceController: Controller {
    let models: ModelRegistry
    let limits: ServerConfiguration.Limits
    let timeout: Duration
    let version: String
    let readiness: Readiness

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/v2") { [version] _, _ in
            Response.json(
                .object(["name": "cutis", "version": .string(version), "extensions": .array([])]))
        }
        group.get("/v2/health/live") { _, _ in Response.json(.object(["live": .bool(true)])) }
        group.get("/v2/health/ready") { [readiness] _, _ in
            try await readiness.check()
            return Response.json(.object(["ready": .bool(true)]))
        }
        for path in ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"] {
            group.get("\(path)", use: describe)
            group.get("\(path)/ready", use: isReady)
            group.post("\(path)/infer", use: infer)
        }
    }

    @Sendable
    private func describe(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.authenticated().require(.modelsRead)
        let facts = try await find(context)
        let versions = await models.models().filter { $0.facts.identity.id == facts.identity.id }
            .map(\.facts.identity.version).uniqued
        return .json(
            .object([
                "name": .string(facts.identity.id), "versions": .array(versions.map { .string($0) }),
                "platform": "cutis", "inputs": .array([Self.tensor("image", "BYTES", [-1])]),
                "outputs": .array(Self.outputs(of: facts)),
                "parameters": .object([
                    "task": .string(facts.task.rawValue), "intended_use": .string(facts.intendedUse),
                    "labels": .array(facts.labels.labels.map { .string($0.id) }),
                ]),
            ]))
    }

    @Sendable
    private func isReady(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.authenticated().require(.modelsRead)
        let facts = try await find(context)
        return .json(.object(["name": .string(facts.identity.id), "ready": .bool(true)]))
    }

    @Sendable
    private func infer(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.inferenceRun)
        let facts = try await find(context)
        guard request.mediaType == "application/json" else {
            throw CutisError(
                .mediaTypeUnsupported, "The body is not application/json.",
                remedy: "Send JSON; the binary extension of the protocol is not read.")
        }
        let body = try await context.body(of: request, limit: limits.bodyBytes)
        let order = try InferenceOrder(body, limits: limits)
        let deadline = ContinuousClock.now + timeout
        let lease = try await models.lease(
            task: facts.task, model: facts.identity.id, version: facts.identity.version)
        let answer = try await context.whileConnected {
            let inputs = try await prepare(order.images, with: lease)
            return try await lease.answer(
                ModelRequest(Self.output(of: facts.task), inputs: inputs), priority: .interactive,
                client: principal.userID, deadline: deadline)
        }
        return .json(
            .object([
                "model_name": .string(facts.identity.id), "model_version": .string(facts.identity.version),
                "id": .optional(order.id), "outputs": .array(Self.tensors(answer)),
            ]))
    }

    private func prepare(_ images: [Data], with lease: ModelLease) async throws -> [any PreparedInput] {
        try await withThrowingTaskGroup(of: (Int, any PreparedInput).self) { group in
            for (index, data) in images.enumerated() {
                group.addTask {
                    (index, try await lease.prepare(data, name: "image \(index + 1)", keepsPicture: false))
                }
            }
            var inputs = [(any PreparedInput)?](repeating: nil, count: images.count)
            for try await (index, input) in group { inputs[index] = input }
            return inputs.compactMap { $0 }
        }
    }

    /// The model of the path; of several versions the active one, or the newest.
    private func find(_ context: AppRequestContext) async throws -> ModelFacts {
        let (name, version) = (try context.parameters.require("model"), context.parameters.get("version"))
        let fitting = await models.models().filter {
            $0.state != .draining && $0.facts.identity.id == name
                && (version == nil || $0.facts.identity.version == version)
        }
        guard let found = fitting.first(where: { $0.state == .active }) ?? fitting.last else {
            throw CutisError(
                .notFound, "There is no such model here.", remedy: "Look for its name at /api/v1/models.")
        }
        return found.facts
    }

    private static func output(of task: ModelFacts.Task) -> ModelRequest.Output {
        switch task {
        case .classification: .classes
        case .screening: .screening
        case .embedding: .embeddings
        }
    }

    private static func outputs(of facts: ModelFacts) -> [OrderedJSON] {
        switch facts.task {
        case .classification: [tensor("probabilities", "FP32", [-1, facts.labels.labels.count])]
        case .screening:
            [tensor("probabilities", "FP32", [1, facts.labels.labels.count]), tensor("attention", "FP32", [-1])]
        case .embedding: [tensor("embeddings", "FP32", [-1, facts.embeddingWidth])]
        }
    }

    private static func tensors(_ answer: ModelAnswer) -> [OrderedJSON] {
        switch answer {
        case .classes(let rows):
            [tensor("probabilities", "FP32", [rows.count, rows.first?.count ?? 0], rows.joined())]
        case .screening(let probabilities, let attention):
            [tensor("probabilities", "FP32", [1, probabilities.count], probabilities)]
                + (attention.map { [tensor("attention", "FP32", [$0.count], $0)] } ?? [])
        case .embeddings(let rows):
            [tensor("embeddings", "FP32", [rows.count, rows.first?.count ?? 0], rows.joined().map(Double.init))]
        }
    }

    private static func tensor(_ name: String, _ type: String, _ shape: [Int]) -> OrderedJSON {
        .object(["name": .string(name), "datatype": .string(type), "shape": .array(shape.map { .integer($0) })])
    }

    private static func tensor(
        _ name: String, _ type: String, _ shape: [Int], _ data: some Sequence<Double>
    ) -> OrderedJSON {
        tensor(name, type, shape).appending(["data": .array(data.map { .number($0) })])
    }

    var operations: [Operation] {
        let model = Operation.Parameter.path("model", "The model.", .text(1...128))
        let version = Operation.Parameter.path("version", "Its version.", .text(1...64))
        let refusals = APISchemas.imageProblems + [.notFound]
        var all = [
            Operation(
                method: .get, path: "/v2", id: "v2Server", tag: "Open Inference Protocol", summary: "The server.",
                access: .everyone, answers: [.json(.reference("V2Server"))]),
            Operation(
                method: .get, path: "/v2/health/live", id: "v2Live", tag: "Open Inference Protocol",
                summary: "Whether the process answers.", access: .everyone,
                answers: [.json(.object(["live": .bool]))]),
            Operation(
                method: .get, path: "/v2/health/ready", id: "v2Ready", tag: "Open Inference Protocol",
                summary: "Whether requests can be answered.", access: .everyone,
                answers: [.json(.object(["ready": .bool]))], problems: [.modelUnavailable]),
        ]
        for (path, parameters, suffix) in [
            ("/v2/models/{model}", [model], ""),
            ("/v2/models/{model}/versions/{version}", [model, version], "Version"),
        ] {
            all += [
                Operation(
                    method: .get, path: path, id: "v2Model\(suffix)", tag: "Open Inference Protocol",
                    summary: "What a model takes and gives.", access: .action(.modelsRead), parameters: parameters,
                    answers: [.json(.reference("V2Model"))]),
                Operation(
                    method: .get, path: "\(path)/ready", id: "v2ModelReady\(suffix)", tag: "Open Inference Protocol",
                    summary: "Whether a model answers.", access: .action(.modelsRead), parameters: parameters,
                    answers: [.json(.object(["name": .text(), "ready": .bool]))]),
                Operation(
                    method: .post, path: "\(path)/infer", id: "v2Infer\(suffix)", tag: "Open Inference Protocol",
                    summary: "Run a model on images; nothing is kept.", access: .action(.inferenceRun),
                    parameters: parameters,
                    body: [.json(.reference("V2Request"), example: APIExamples.inference)],
                    answers: [.json(.reference("V2Response"))], problems: refusals,
                    notes: "The input is `image`: BYTES [n], files as base64; or UINT8 [n, height, width, 3], sRGB."),
            ]
        }
        return all
    }
}
