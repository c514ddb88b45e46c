extension Migration {
    /// Patients, visits, analyses, images and feedback.
    ///
    /// Every foreign key below a clinic carries the clinic too, so that the database itself refuses a row that joins
    /// two clinics.
    static let cases = Migration(
        name: "002-cases",
        statements: [
            .both(
                """
                CREATE TABLE patient (
                    id {text} NOT NULL PRIMARY KEY,
                    clinic_id {text} NOT NULL REFERENCES clinic (id),
                    pseudonym {text} NOT NULL,
                    created_at {integer} NOT NULL,
                    UNIQUE (clinic_id, pseudonym),
                    UNIQUE (clinic_id, id)
                ) {strict}
                """),
            .both("CREATE INDEX patient_by_clinic ON patient (clinic_id, created_at, id)"),
            .both("CREATE INDEX patient_by_time ON patient (created_at, id)"),
            .both(
                """
                CREATE TABLE visit (
                    id {text} NOT NULL PRIMARY KEY,
                    clinic_id {text} NOT NULL REFERENCES clinic (id),
                    patient_id {text} NOT NULL,
                    created_at {integer} NOT NULL,
                    UNIQUE (clinic_id, id),
                    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id)
                ) {strict}
                """),
            .both("CREATE INDEX visit_by_patient ON visit (clinic_id, patient_id, created_at, id)"),
            .both("CREATE INDEX visit_by_clinic ON visit (clinic_id, created_at, id)"),
            .both("CREATE INDEX visit_by_time ON visit (created_at, id)"),
            .both(
                """
                CREATE TABLE analysis (
                    id {text} NOT NULL PRIMARY KEY,
                    kind {text} NOT NULL,
                    clinic_id {text} NOT NULL REFERENCES clinic (id),
                    patient_id {text} NOT NULL,
                    visit_id {text},
                    user_id {text} NOT NULL REFERENCES user_account (id),
                    created_at {integer} NOT NULL,
                    model_id {text} NOT NULL,
                    model_version {text} NOT NULL,
                    model_hash {text} NOT NULL,
                    input_hash {text} NOT NULL,
                    primary_label {text} NOT NULL,
                    probability {real} NOT NULL,
                    threshold {real},
                    answer {text} NOT NULL,
                    flags {text} NOT NULL,
                    flagged {integer} NOT NULL,
                    status {text} NOT NULL,
                    signed_by {text} REFERENCES user_account (id),
                    signed_at {integer},
                    latency_milliseconds {real} NOT NULL,
                    UNIQUE (clinic_id, id),
                    FOREIGN KEY (clinic_id, patient_id) REFERENCES patient (clinic_id, id),
                    FOREIGN KEY (clinic_id, visit_id) REFERENCES visit (clinic_id, id)
                ) {strict}
                """),
            .both("CREATE INDEX analysis_by_clinic ON analysis (clinic_id, created_at, id)"),
            .both("CREATE INDEX analysis_by_time ON analysis (created_at, id)"),
            .both("CREATE INDEX analysis_by_patient ON analysis (clinic_id, patient_id, created_at, id)"),
            .both("CREATE INDEX analysis_by_visit ON analysis (clinic_id, visit_id)"),
            .both("CREATE INDEX analysis_by_flag ON analysis (flagged, clinic_id, created_at, id)"),
            .both(
                """
                CREATE TABLE image (
                    id {text} NOT NULL PRIMARY KEY,
                    analysis_id {text} NOT NULL,
                    clinic_id {text} NOT NULL REFERENCES clinic (id),
                    place {integer} NOT NULL,
                    blob_key {text} NOT NULL UNIQUE,
                    sha256 {text} NOT NULL,
                    width {integer} NOT NULL,
                    height {integer} NOT NULL,
                    media_type {text} NOT NULL,
                    created_at {integer} NOT NULL,
                    FOREIGN KEY (clinic_id, analysis_id) REFERENCES analysis (clinic_id, id)
                ) {strict}
                """),
            .both("CREATE UNIQUE INDEX image_by_analysis ON image (clinic_id, analysis_id, place)"),
            .both(
                """
                CREATE TABLE feedback (
                    id {text} NOT NULL PRIMARY KEY,
                    analysis_id {text} NOT NULL,
                    clinic_id {text} NOT NULL REFERENCES clinic (id),
                    user_id {text} NOT NULL REFERENCES user_account (id),
                    kind {text} NOT NULL,
                    label {text} NOT NULL,
                    note {text},
                    created_at {integer} NOT NULL,
                    FOREIGN KEY (clinic_id, analysis_id) REFERENCES analysis (clinic_id, id)
                ) {strict}
                """),
            .both("CREATE INDEX feedback_by_analysis ON feedback (clinic_id, analysis_id, created_at, id)"),
            .both("CREATE INDEX feedback_by_clinic ON feedback (clinic_id, created_at, id)"),
            .both("CREATE INDEX feedback_by_time ON feedback (created_at, id)"),
        ])
}
