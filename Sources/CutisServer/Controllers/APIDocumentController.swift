import CutisCore
import HTTPTypes
import Hummingbird
import NIOCore

/// The description of the API.
struct APIDocumentController: Controller {
    private let text: ByteBuffer
    let operations: [Operation]

    /// - Parameter others: what the other controllers describe.
    init(describing others: [Operation], version: String) {
        operations = [
            Operation(
                method: .get, path: "/openapi.json", id: "describe", tag: "System", summary: "This document.",
                access: .everyone, answers: [.json(.any)])
        ]
        text = ByteBuffer(string: APIDocument(operations: others + operations, version: version).json.text())
    }

    func addRoutes(to group: RouterGroup<AppRequestContext>) {
        group.get("/openapi.json") { [text] _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "public, max-age=300"],
                body: ResponseBody(byteBuffer: text))
        }
    }
}
