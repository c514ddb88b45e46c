import CutisCore
import CutisService
import HTTPTypes
import Hummingbird

/// What the API document says of one route.
struct Operation: Sendable {
    /// A parameter of the path or of the query.
    struct Parameter: Sendable {
        enum Place: String, Sendable { case path, query, header }
        var name: String
        var place: Place
        var schema: Schema
        var isRequired: Bool
        var summary: String

        static func path(_ name: String, _ summary: String, _ schema: Schema = .identifier) -> Parameter {
            Parameter(name: name, place: .path, schema: schema, isRequired: true, summary: summary)
        }

        static func query(_ name: String, _ schema: Schema, _ summary: String, isRequired: Bool = false) -> Parameter {
            Parameter(name: name, place: .query, schema: schema, isRequired: isRequired, summary: summary)
        }
    }

    /// A body in one media type.
    struct Content: Sendable {
        var mediaType: String
        var schema: Schema
        var example: OrderedJSON?

        static func json(_ schema: Schema, example: OrderedJSON? = nil) -> Content {
            Content(mediaType: "application/json", schema: schema, example: example)
        }

        /// Bytes of a media type, which have no schema of their own.
        static func bytes(_ mediaType: String) -> Content {
            Content(mediaType: mediaType, schema: Schema(.object(["type": "string", "format": "binary"])))
        }
    }

    /// What the caller must be.
    enum Access: Sendable, Hashable {
        /// Anyone, without credentials.
        case everyone
        /// Any user.
        case user
        /// Users whose role may do this.
        case action(Action)
    }

    var method: HTTPRequest.Method
    /// The path with its parameters in braces.
    var path: String
    /// The name under which generated clients offer it.
    var id: String
    var tag: String
    var summary: String
    var access: Access
    var parameters: [Parameter] = []
    var body: [Content] = []
    /// Whether the body may be left out.
    var isBodyOptional = false
    /// The successful answer.
    var status = HTTPResponse.Status.ok
    var answers: [Content] = []
    /// The problems that are this route's own, beside those that every route has.
    var problems: [ErrorCode] = []
    /// Whether `Idempotency-Key` is honoured.
    var isIdempotent: Bool {
        method == .post && access != .everyone && !IdempotencyMiddleware.excluded.contains(path)
    }
    /// More about the route.
    var notes: String?
}
