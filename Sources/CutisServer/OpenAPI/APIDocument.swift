import CutisCore
import CutisService
import CutisStorage
import HTTPTypes

/// Writes the OpenAPI 3.1 document of the routes that the controllers describe.
struct APIDocument {
    var operations: [Operation]
    var version: String

    /// The whole document.
    var json: OrderedJSON {
        var paths = OrderedJSON.object([:])
        for path in operations.map(\.path).uniqued {
            var item = OrderedJSON.object([:])
            for operation in operations where operation.path == path {
                item = item.appending([operation.method.rawValue.lowercased(): describe(operation)])
            }
            paths = paths.appending([path: item])
        }
        return .object([
            "openapi": "3.1.0",
            "info": .object([
                "title": "Cutis", "version": .string(version),
                "summary": "Decision support for skin images.",
                "description": .string(Self.introduction),
            ]),
            "servers": .array([.object(["url": "/"])]),
            "security": .array([.object(["bearer": .array([])])]),
            "tags": .array(
                operations.map(\.tag).uniqued.map { .object(["name": .string($0)]) }),
            "paths": paths,
            "components": .object([
                "securitySchemes": .object([
                    "bearer": .object([
                        "type": "http", "scheme": "bearer",
                        "description": "An API key (`cutis_…`), or a token of the configured identity provider.",
                    ])
                ]),
                "schemas": APISchemas.all,
                "responses": problemResponses,
                "headers": headers,
            ]),
        ])
    }

    private static let introduction = """
        Answers are decision support for research and evaluation, never a stand-alone diagnosis; each is preliminary \
        until a clinician signs it. Names are in snake case, times in milliseconds since 1970 UTC. Every error is \
        problem+json with a stable `code`. `Idempotency-Key` on a POST makes a repetition return the first answer. \
        Objects of other clinics do not exist for a caller: they answer `not-found`.
        """

    private func describe(_ operation: Operation) -> OrderedJSON {
        var json = OrderedJSON.object([
            "operationId": .string(operation.id), "summary": .string(operation.summary),
            "tags": .array([.string(operation.tag)]),
        ])
        if let notes = description(of: operation) { json = json.appending(["description": .string(notes)]) }
        switch operation.access {
        case .everyone: json = json.appending(["security": .array([])])
        case .user: break
        case .action(let action):
            json = json.appending([
                "x-roles": .array(
                    Role.allCases.filter { Permissions.allows($0, action) }.map { .string($0.rawValue) })
            ])
        }
        var parameters = operation.parameters
        if operation.isIdempotent {
            parameters.append(
                .init(
                    name: "Idempotency-Key", place: .header, schema: .text(1...128, pattern: "^[!-~]+$"),
                    isRequired: false, summary: "Chosen by the caller; the same key returns the same answer."))
        }
        if !parameters.isEmpty {
            json = json.appending([
                "parameters": .array(
                    parameters.map {
                        .object([
                            "name": .string($0.name), "in": .string($0.place.rawValue),
                            "required": .bool($0.isRequired), "description": .string($0.summary),
                            "schema": $0.schema.json,
                        ])
                    })
            ])
        }
        if !operation.body.isEmpty {
            json = json.appending([
                "requestBody": .object([
                    "required": .bool(!operation.isBodyOptional), "content": content(operation.body),
                ])
            ])
        }
        return json.appending(["responses": responses(of: operation)])
    }

    private func description(of operation: Operation) -> String? {
        guard case .action(let action) = operation.access else { return operation.notes }
        let roles = Role.allCases.filter { Permissions.allows($0, action) }.map(\.rawValue).joined(separator: ", ")
        return [operation.notes, "Roles: \(roles)."].compactMap { $0 }.joined(separator: " ")
    }

    private func content(_ bodies: [Operation.Content]) -> OrderedJSON {
        bodies.reduce(.object([:])) { all, body in
            var value = OrderedJSON.object(["schema": body.schema.json])
            if let example = body.example { value = value.appending(["example": example]) }
            return all.appending([body.mediaType: value])
        }
    }

    private func responses(of operation: Operation) -> OrderedJSON {
        var answer = OrderedJSON.object([
            "description": .string(operation.status.reasonPhrase),
            "headers": .object([
                "X-Request-ID": .object(["$ref": "#/components/headers/RequestID"]),
                "traceparent": .object(["$ref": "#/components/headers/TraceParent"]),
            ]),
        ])
        if !operation.answers.isEmpty { answer = answer.appending(["content": content(operation.answers)]) }
        var json = OrderedJSON.object([String(operation.status.code): answer])
        for status in Self.codes(of: operation).map(\.status.code).uniqued.sorted() {
            json = json.appending([
                String(status): .object(["$ref": .string("#/components/responses/Problem\(status)")])
            ])
        }
        return json
    }

    /// All problems with which a route may answer.
    static func codes(of operation: Operation) -> [ErrorCode] {
        var codes: [ErrorCode] = [.requestInvalid, .rateLimited, .internalFailure, .storageUnavailable]
        // Wrong credentials are refused whatever they were for.
        codes.append(.unauthenticated)
        if operation.access != .everyone { codes.append(.forbidden) }
        if operation.parameters.contains(where: { $0.place == .path }) { codes.append(.notFound) }
        if !operation.body.isEmpty { codes += [.bodyTooLarge, .mediaTypeUnsupported, .requestTimeout] }
        if operation.isIdempotent { codes += [.conflict, .idempotencyMismatch] }
        return (codes + operation.problems).uniqued
    }

    /// One response for each status that a problem may have, with the codes that it may carry.
    private var problemResponses: OrderedJSON {
        let statuses = ErrorCode.allCases.map(\.status.code).filter { $0 >= 400 }.uniqued.sorted()
        return statuses.reduce(.object([:])) { all, status in
            let codes = ErrorCode.allCases.filter { $0.status.code == status }.map(\.rawValue)
            return all.appending([
                "Problem\(status)": .object([
                    "description": .string(codes.joined(separator: ", ")),
                    "content": .object([
                        "application/problem+json": .object([
                            "schema": .object(["$ref": "#/components/schemas/Problem"])
                        ])
                    ]),
                ])
            ])
        }
    }

    private var headers: OrderedJSON {
        .object([
            "RequestID": .object([
                "description": "Names the request in the log and in problems.", "schema": Schema.identifier.json,
            ]),
            "TraceParent": .object([
                "description": "This server's span (W3C Trace Context).",
                "schema": Schema.text(pattern: "^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$").json,
            ]),
        ])
    }
}

extension Sequence where Element: Hashable {
    /// The elements without repetitions, in the order of their first occurrence.
    var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
