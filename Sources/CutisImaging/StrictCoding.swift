extension Decoder {
    /// Refuses keys that the reader would otherwise ignore: a misspelt field must not silently mean its default.
    package func refuseKeys<Key: CodingKey & CaseIterable>(notIn type: Key.Type) throws {
        let known = Set(type.allCases.map(\.stringValue))
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath + [key], debugDescription: "this field is not known"))
        }
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
