extension AnalysisRecord: StoredRecord {
    static let table = "analysis"
    static let columns = [
        "id", "kind", "clinic_id", "patient_id", "visit_id", "user_id", "created_at", "model_id", "model_version",
        "model_hash", "input_hash", "primary_label", "probability", "threshold", "answer", "flags", "flagged", "status",
        "signed_by", "signed_at", "latency_milliseconds",
    ]

    var values: [SQLValue] {
        [
            .text(id), .text(kind.rawValue), .text(clinicID), .text(patientID), SQLValue(visitID), .text(userID),
            .integer(createdAt), .text(modelID), .text(modelVersion), .text(modelHash), .text(inputHash),
            .text(primaryLabel), .real(probability), SQLValue(threshold), .text(answer),
            .text(Self.text(ofFlags: flags)), .integer(flags.isEmpty ? 0 : 1), .text(status.rawValue),
            SQLValue(signedBy), SQLValue(signedAt), .real(latencyMilliseconds),
        ]
    }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), kind: try row.choice("kind"), clinicID: try row.text("clinic_id"),
            patientID: try row.text("patient_id"), visitID: try row.optionalText("visit_id"),
            userID: try row.text("user_id"), createdAt: try row.integer("created_at"),
            modelID: try row.text("model_id"), modelVersion: try row.text("model_version"),
            modelHash: try row.text("model_hash"), inputHash: try row.text("input_hash"),
            primaryLabel: try row.text("primary_label"), probability: try row.real("probability"),
            threshold: try row.optionalReal("threshold"), answer: try row.text("answer"),
            flags: try Self.flags(ofText: row.text("flags")), status: try row.choice("status"),
            signedBy: try row.optionalText("signed_by"), signedAt: try row.optionalInteger("signed_at"),
            latencyMilliseconds: try row.real("latency_milliseconds"))
    }

    /// Flags as they are stored: one in each line, so that a query can look for one.
    static func text(ofFlags flags: [String]) -> String {
        flags.joined(separator: "\n")
    }

    private static func flags(ofText text: String) -> [String] {
        text.split(separator: "\n").map(String.init)
    }
}
