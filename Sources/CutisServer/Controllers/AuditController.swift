import CutisCore
import CutisService
import CutisStorage
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The audit trail: reading, checking, exporting, and its signed end.
struct AuditController: Controller {
    let audit: AuditService

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/api/v1/audit", use: list)
        group.post("/api/v1/audit/verify", use: verify)
        group.get("/api/v1/audit/head", use: head)
        group.get("/api/v1/audit/export", use: export)
    }

    @Sendable
    private func list(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        var query = try QueryFields(request)
        let subject = try query.text("subject", length: 1...64)
        let limit = try query.limit()
        let before = try query.integer("before", in: 1...Int(Int32.max)).map(Int64.init)
        try query.finish()
        let records = try await audit.entries(subject: subject, limit: limit + 1, before: before, by: principal)
        return .json(
            page("entries", records, limit: limit, \.answer) { "\($0.sequence)" })
    }

    @Sendable
    private func verify(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        try principal.require(.auditRead)
        var anchors: [SignedHead] = []
        if !request.mediaType.isEmpty {
            var fields = try await context.fields(of: request)
            for var head in try fields.objects("anchors", count: 0...100) {
                let text = OrderedJSON.object([
                    "sequence": .integer(try head.integer("sequence")),
                    "hash": .string(try head.text("hash", length: 64...64)),
                    "time": .integer(try head.integer("time")), "clock": .integer(try head.integer("clock")),
                    "key": .string(try head.text("key", length: 64...64)),
                    "signature": .string(try head.text("signature", length: 128...128)),
                ]).text(pretty: false)
                guard let anchor = SignedHead(text) else { throw head.wrong("signature", "is not one of a signed end") }
                anchors.append(anchor)
                try head.finish()
            }
            try fields.finish()
        }
        let result = try await audit.verify(anchors: anchors, by: principal)
        return .json(
            .object([
                "intact": .bool(result.fault == nil), "count": .integer(Int(result.count)),
                "last_hash": .string(result.lastHash),
                "fault": result.fault.map {
                    .object([
                        "kind": .string($0.kind.rawValue), "sequence": .integer(Int($0.sequence)),
                        "message": .string($0.message),
                    ])
                } ?? .null,
            ]))
    }

    @Sendable
    private func head(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        let head = try await audit.signedHead(by: principal)
        return .json(
            .object([
                "sequence": .integer(Int(head.sequence)), "hash": .string(head.hash), "time": .integer(Int(head.time)),
                "clock": .integer(Int(head.clock)), "key": .string(head.key), "signature": .string(head.signature),
            ]))
    }

    @Sendable
    private func export(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let principal = try context.authenticated()
        let pieces = try await audit.export(by: principal)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-ndjson", .contentDisposition: "attachment; filename=\"audit.jsonl\"",
            ], body: ResponseBody(asyncSequence: pieces.map { ByteBuffer(bytes: $0) }))
    }

    var operations: [Operation] {
        [
            Operation(
                method: .get, path: "/api/v1/audit", id: "listAudit", tag: "Audit",
                summary: "Entries of the audit trail, newest first.", access: .action(.auditRead),
                parameters: [
                    .query("subject", .text(1...64), "About one object."),
                    .query("limit", .integer(1...200), "How many; 50."),
                    .query("before", .integer(1...Int(Int32.max)), "The last place of the page before."),
                ], answers: [.json(.reference("AuditPage"))]),
            Operation(
                method: .post, path: "/api/v1/audit/verify", id: "verifyAudit", tag: "Audit",
                summary: "Check the whole trail for edits, deletions, reordering and truncation.",
                access: .action(.auditRead), body: [.json(.reference("AuditAnchors"))], isBodyOptional: true,
                answers: [.json(.reference("AuditVerification"))],
                notes: "Signed ends that were kept apart show a trail that was cut off and signed anew."),
            Operation(
                method: .get, path: "/api/v1/audit/head", id: "getAuditHead", tag: "Audit",
                summary: "The signed end of the trail, to be kept apart.", access: .action(.auditRead),
                answers: [.json(.reference("SignedHead"))], problems: [.auditBroken]),
            Operation(
                method: .get, path: "/api/v1/audit/export", id: "exportAudit", tag: "Audit",
                summary: "The whole trail, one JSON object a line.", access: .action(.auditRead),
                answers: [.bytes("application/x-ndjson")]),
        ]
    }
}

extension JSONFields {
    fileprivate mutating func integer(_ name: String) throws(CutisError) -> Int {
        guard let number = try optionalInteger(name, in: 0...Int64(1) << 53) else { throw wrong(name, "is missing") }
        return Int(number)
    }
}
