/// The place in a list that is sorted by time, newest first: the next page begins after it.
public struct PageCursor: Sendable, Hashable {
    /// The last record's time, in milliseconds since 1970 UTC.
    public var createdAt: Int64
    /// The last record's identifier, which decides among records of one time.
    public var id: String

    /// Makes a cursor from the last record of a page.
    public init(createdAt: Int64, id: String) {
        self.createdAt = createdAt
        self.id = id
    }

    /// Reads a cursor as `text` writes it; nil for any other text.
    public init?(_ text: String) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let time = Int64(parts[0]), Identifier.isValid(String(parts[1])) else { return nil }
        self.init(createdAt: time, id: String(parts[1]))
    }

    /// The cursor for a URL.
    public var text: String { "\(createdAt)_\(id)" }
}
