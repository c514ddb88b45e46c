import CutisCore

/// A JSON Schema (2020-12, as OpenAPI 3.1 uses it) in the few words that this API needs.
struct Schema: Sendable {
    /// The schema itself.
    var json: OrderedJSON

    init(_ json: OrderedJSON) {
        self.json = json
    }

    /// A text.
    static func text(_ lengths: ClosedRange<Int>? = nil, pattern: String? = nil, format: String? = nil) -> Schema {
        var json = OrderedJSON.object(["type": "string"])
        if let lengths {
            json = json.appending([
                "minLength": .integer(lengths.lowerBound), "maxLength": .integer(lengths.upperBound),
            ])
        }
        if let pattern { json = json.appending(["pattern": .string(pattern)]) }
        if let format { json = json.appending(["format": .string(format)]) }
        return Schema(json)
    }

    /// One of some texts.
    static func choice(_ values: [String]) -> Schema {
        Schema(.object(["type": "string", "enum": .array(values.map { .string($0) })]))
    }

    /// A whole number.
    static func integer(_ range: ClosedRange<Int>? = nil) -> Schema {
        var json = OrderedJSON.object(["type": "integer"])
        if let range {
            json = json.appending(["minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
        }
        return Schema(json)
    }

    static let number = Schema(.object(["type": "number"]))
    static let bool = Schema(.object(["type": "boolean"]))
    /// A probability, 0…1.
    static let probability = Schema(.object(["type": "number", "minimum": .integer(0), "maximum": .integer(1)]))
    /// The identifier of a record, a UUID.
    static let identifier = Schema.text(format: "uuid")
    /// Milliseconds since 1970 UTC.
    static let time = Schema(
        .object([
            "type": "integer", "minimum": .integer(0), "description": "Milliseconds since 1970-01-01 UTC.",
        ]))
    /// Any JSON value.
    static let any = Schema(.object([:]))

    /// An array.
    static func array(_ items: Schema, count: ClosedRange<Int>? = nil) -> Schema {
        var json = OrderedJSON.object(["type": "array", "items": items.json])
        if let count {
            json = json.appending(["minItems": .integer(count.lowerBound), "maxItems": .integer(count.upperBound)])
        }
        return Schema(json)
    }

    /// An object whose values are all of one kind, by keys that the data decide.
    static func map(_ values: Schema) -> Schema {
        Schema(.object(["type": "object", "additionalProperties": values.json]))
    }

    /// An object with exactly these members.
    ///
    /// - Parameter optional: the names of members that may be missing.
    static func object(_ members: KeyValuePairs<String, Schema>, optional: Set<String> = []) -> Schema {
        var properties = OrderedJSON.object([:])
        for (name, schema) in members { properties = properties.appending([name: schema.json]) }
        return Schema(
            .object([
                "type": "object", "properties": properties,
                "required": .array(members.map(\.key).filter { !optional.contains($0) }.map { .string($0) }),
                "additionalProperties": .bool(false),
            ]))
    }

    /// A schema that stands in the document's components.
    static func reference(_ name: String) -> Schema {
        Schema(.object(["$ref": .string("#/components/schemas/\(name)")]))
    }

    /// This, or null.
    var nullable: Schema { Schema(.object(["anyOf": .array([json, .object(["type": "null"])])])) }

    /// This with a sentence about it.
    func described(_ text: String) -> Schema { Schema(json.appending(["description": .string(text)])) }
}
