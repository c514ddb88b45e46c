import CutisCore
import CutisService
import CutisStorage

extension FeedbackRecord {
    /// As the API tells it.
    var answer: OrderedJSON {
        .object([
            "id": .string(id), "analysis_id": .string(analysisID), "user": .string(userID),
            "kind": .string(kind.rawValue), "label": .string(label), "note": .optional(note),
            "created_at": .integer(Int(createdAt)),
        ])
    }

    var cursor: PageCursor { PageCursor(createdAt: createdAt, id: id) }
}

extension ClinicRecord {
    /// As the API tells it.
    var answer: OrderedJSON {
        .object([
            "id": .string(id), "name": .string(name), "title": .string(title), "created_at": .integer(Int(createdAt)),
        ])
    }

    var cursor: PageCursor { PageCursor(createdAt: createdAt, id: id) }
}

extension UserRecord {
    /// As the API tells it.
    var answer: OrderedJSON {
        .object([
            "id": .string(id), "clinic": .optional(clinicID), "name": .string(name), "role": .string(role.rawValue),
            "created_at": .integer(Int(createdAt)), "disabled_at": disabledAt.map { .integer(Int($0)) } ?? .null,
        ])
    }

    var cursor: PageCursor { PageCursor(createdAt: createdAt, id: id) }
}

extension APIKeyRecord {
    /// As the API tells it: never the hash.
    var answer: OrderedJSON {
        .object([
            "id": .string(id), "user": .string(userID), "prefix": .string(prefix),
            "created_at": .integer(Int(createdAt)), "expires_at": expiresAt.map { .integer(Int($0)) } ?? .null,
            "revoked_at": revokedAt.map { .integer(Int($0)) } ?? .null,
            "last_used_at": lastUsedAt.map { .integer(Int($0)) } ?? .null,
        ])
    }

    var cursor: PageCursor { PageCursor(createdAt: createdAt, id: id) }
}

extension AuditRecord {
    /// As the API tells it.
    var answer: OrderedJSON {
        .object([
            "sequence": .integer(Int(sequence)), "time": .integer(Int(time)), "actor": .string(actor),
            "clinic": .optional(clinicID), "action": .string(action), "subject": .string(subject),
            "model_hash": .optional(modelHash), "input_hash": .optional(inputHash),
            "threshold": threshold.map { .number($0) } ?? .null, "outcome": .string(outcome),
            "details": .string(details), "previous_hash": .string(previousHash), "hash": .string(hash),
        ])
    }
}

extension ModelStatus {
    /// As the API tells it.
    var answer: OrderedJSON {
        .object([
            "id": .string(facts.identity.id), "version": .string(facts.identity.version),
            "task": .string(facts.task.rawValue), "state": .string(state.rawValue), "hash": .string(facts.hash),
            "family": .string(facts.family), "precision": .string(facts.precision),
            "input_shape": .array(facts.inputShape.map { .integer($0) }),
            "embedding_width": .integer(facts.embeddingWidth),
            "labels": .array(facts.labels.labels.map { .string($0.id) }), "replicas": .integer(replicas),
            "memory_bytes": .integer(memoryBytes), "leases": .integer(leases), "served": .integer(served),
            "queued_rows": .integer(queue.rows), "intended_use": .string(facts.intendedUse),
        ])
    }
}

/// A page of a list: its records, and where the next page begins.
///
/// - Parameters:
///   - records: one more than `limit` where there is a next page.
///   - cursor: where a record stands.
func page<Record>(
    _ name: String, _ records: [Record], limit: Int, _ answer: (Record) -> OrderedJSON,
    cursor: (Record) -> String
) -> OrderedJSON {
    let shown = records.prefix(limit)
    let next = records.count > limit ? shown.last.map(cursor) : nil
    return OrderedJSON.object([name: .array(shown.map(answer)), "next": .optional(next)])
}
