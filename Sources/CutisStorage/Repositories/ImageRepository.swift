extension ImageRecord: StoredRecord {
    static let table = "image"
    static let columns = [
        "id", "analysis_id", "clinic_id", "place", "blob_key", "sha256", "width", "height", "media_type", "created_at",
    ]

    var values: [SQLValue] {
        [
            .text(id), .text(analysisID), .text(clinicID), .integer(Int64(position)), .text(blobKey), .text(sha256),
            .integer(Int64(width)), .integer(Int64(height)), .text(mediaType), .integer(createdAt),
        ]
    }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), analysisID: try row.text("analysis_id"), clinicID: try row.text("clinic_id"),
            position: Int(try row.integer("place")), blobKey: try row.text("blob_key"),
            sha256: try row.text("sha256"), width: Int(try row.integer("width")),
            height: Int(try row.integer("height")), mediaType: try row.text("media_type"),
            createdAt: try row.integer("created_at"))
    }
}

/// The images of analyses; their bytes are in the blob store.
public struct ImageRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds an image.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id, the blob's key or the place in the case is taken, or the
    ///   analysis is not one of the clinic.
    public func insert(_ record: ImageRecord) throws {
        try record.insert(into: transaction)
    }

    /// An image by id.
    public func find(_ id: String, clinicID: String?) throws -> ImageRecord? {
        var query = RecordQuery<ImageRecord>()
        query.require("image.id = ?", .text(id))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// The images of an analysis, in the case's order.
    public func list(analysisID: String, clinicID: String?) throws -> [ImageRecord] {
        var query = RecordQuery<ImageRecord>()
        query.tenant(clinicID)
        query.require("image.analysis_id = ?", .text(analysisID))
        return try query.all(limit: nil, order: "image.place", in: transaction)
    }

    /// The images that one sees, newest first.
    public func list(clinicID: String?, limit: Int, before: PageCursor? = nil) throws -> [ImageRecord] {
        var query = RecordQuery<ImageRecord>()
        query.tenant(clinicID)
        return try query.page(limit: limit, before: before, in: transaction)
    }

    /// Which of some blobs' keys no image of the installation uses: what a crash between a blob and its row left.
    public func unused(blobKeys: [String]) throws -> [String] {
        try blobKeys.filter {
            try transaction.query("SELECT id FROM image WHERE blob_key = ?", [.text($0)]).isEmpty
        }
    }
}
