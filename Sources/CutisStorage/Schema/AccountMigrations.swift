extension Migration {
    /// Clinics, the people and machines that act for them, their keys and the browsers that are signed in.
    static let accounts = Migration(
        name: "001-accounts",
        statements: [
            .both(
                """
                CREATE TABLE clinic (
                    id {text} NOT NULL PRIMARY KEY,
                    name {text} NOT NULL UNIQUE,
                    title {text} NOT NULL,
                    created_at {integer} NOT NULL
                ) {strict}
                """),
            .both("CREATE INDEX clinic_by_time ON clinic (created_at, id)"),
            .both(
                """
                CREATE TABLE user_account (
                    id {text} NOT NULL PRIMARY KEY,
                    clinic_id {text} REFERENCES clinic (id),
                    name {text} NOT NULL,
                    role {text} NOT NULL,
                    created_at {integer} NOT NULL,
                    disabled_at {integer}
                ) {strict}
                """),
            .both("CREATE INDEX user_account_by_clinic ON user_account (clinic_id, created_at, id)"),
            .both("CREATE INDEX user_account_by_time ON user_account (created_at, id)"),
            .both(
                """
                CREATE TABLE api_key (
                    id {text} NOT NULL PRIMARY KEY,
                    user_id {text} NOT NULL REFERENCES user_account (id),
                    prefix {text} NOT NULL,
                    hash {text} NOT NULL UNIQUE,
                    created_at {integer} NOT NULL,
                    expires_at {integer},
                    revoked_at {integer},
                    last_used_at {integer}
                ) {strict}
                """),
            .both("CREATE INDEX api_key_by_user ON api_key (user_id, created_at, id)"),
            .both("CREATE INDEX api_key_by_time ON api_key (created_at, id)"),
            .both(
                """
                CREATE TABLE web_session (
                    hash {text} NOT NULL PRIMARY KEY,
                    user_id {text} NOT NULL REFERENCES user_account (id),
                    key_id {text} NOT NULL REFERENCES api_key (id),
                    created_at {integer} NOT NULL,
                    expires_at {integer} NOT NULL
                ) {strict}
                """),
            .both("CREATE INDEX web_session_by_user ON web_session (user_id)"),
            .both("CREATE INDEX web_session_by_key ON web_session (key_id)"),
            .both("CREATE INDEX web_session_by_expiry ON web_session (expires_at)"),
        ])
}
