extension Migration {
    /// The audit trail, requests that may come twice, tombstones, the history of models and settings.
    ///
    /// `audit_head` has one row: the last entry's place and hash. Whoever appends changes it first, so that writers of
    /// a database with several connections wait for each other, and a trail whose end was cut off does not fit it.
    static let operations = Migration(
        name: "003-operations",
        statements: [
            .both(
                """
                CREATE TABLE audit (
                    sequence {integer} NOT NULL PRIMARY KEY,
                    occurred_at {integer} NOT NULL,
                    actor {text} NOT NULL,
                    clinic_id {text},
                    action {text} NOT NULL,
                    subject {text} NOT NULL,
                    model_hash {text},
                    input_hash {text},
                    threshold {real},
                    outcome {text} NOT NULL,
                    details {text} NOT NULL,
                    previous_hash {text} NOT NULL,
                    hash {text} NOT NULL UNIQUE
                ) {strict}
                """),
            .both("CREATE INDEX audit_by_clinic ON audit (clinic_id, sequence)"),
            .both("CREATE INDEX audit_by_subject ON audit (subject, sequence)"),
            .both(
                """
                CREATE TABLE audit_head (
                    place {integer} NOT NULL PRIMARY KEY CHECK (place = 1),
                    sequence {integer} NOT NULL,
                    hash {text} NOT NULL
                ) {strict}
                """),
            .both(
                """
                INSERT INTO audit_head (place, sequence, hash)
                VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000')
                """),
            .both(
                """
                CREATE TABLE idempotency (
                    user_id {text} NOT NULL REFERENCES user_account (id),
                    request_key {text} NOT NULL,
                    request_hash {text} NOT NULL,
                    status {integer},
                    body {bytes},
                    created_at {integer} NOT NULL,
                    PRIMARY KEY (user_id, request_key)
                ) {strict}
                """),
            .both("CREATE INDEX idempotency_by_time ON idempotency (created_at)"),
            .both(
                """
                CREATE TABLE tombstone (
                    kind {text} NOT NULL,
                    id {text} NOT NULL,
                    reason {text} NOT NULL,
                    deleted_at {integer} NOT NULL,
                    PRIMARY KEY (kind, id)
                ) {strict}
                """),
            .both("CREATE INDEX tombstone_by_time ON tombstone (deleted_at, id)"),
            .both(
                """
                CREATE TABLE model_event (
                    id {text} NOT NULL PRIMARY KEY,
                    model_id {text} NOT NULL,
                    model_version {text} NOT NULL,
                    model_hash {text} NOT NULL,
                    event {text} NOT NULL,
                    user_id {text} NOT NULL,
                    created_at {integer} NOT NULL
                ) {strict}
                """),
            .both("CREATE INDEX model_event_by_time ON model_event (created_at, id)"),
            .both(
                """
                CREATE TABLE setting (
                    name {text} NOT NULL PRIMARY KEY,
                    value {text} NOT NULL
                ) {strict}
                """),
        ] + refusals)

    /// Entries of the audit trail are added, never changed or removed, by whatever statement.
    private static let refusals: [Statement] =
        ["update", "delete"].map { verb in
            .only(
                .sqlite,
                """
                CREATE TRIGGER audit_refuses_\(verb) BEFORE \(verb.uppercased()) ON audit
                BEGIN SELECT RAISE(ABORT, 'audit entries are never changed or removed'); END
                """)
        } + [
            .only(
                .postgresql,
                """
                CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
                BEGIN
                    RAISE EXCEPTION 'audit entries are never changed or removed' USING ERRCODE = 'restrict_violation';
                END $body$
                """)
        ]
        + ["update", "delete"].map { verb in
            .only(
                .postgresql,
                """
                CREATE TRIGGER audit_refuses_\(verb) BEFORE \(verb.uppercased()) ON audit
                FOR EACH ROW EXECUTE FUNCTION audit_refuse()
                """)
        } + [
            .only(
                .postgresql,
                """
                CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON audit
                FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
                """)
        ]
}
