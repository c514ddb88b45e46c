package import CutisCore

/// What the user is told when PostgreSQL says no.
package enum PostgresFailure {
    /// The error for an answer of the server, by its SQLSTATE
    /// (https://www.postgresql.org/docs/15/errcodes-appendix.html).
    ///
    /// - Parameters:
    ///   - state: five characters; nil where the connection broke before an answer.
    ///   - message: the server's primary message, or libpq's.
    ///   - subject: the table or constraint that it is about.
    package static func error(state: String?, message: String, subject: String?, address: PostgresAddress) -> CutisError
    {
        let about = subject.map { " (\($0))" } ?? ""
        switch state ?? "" {
        case "23505", "23503", "23001", "23P01":
            return CutisError(
                .conflict, "The database refuses a row that contradicts others\(about).",
                remedy: "Read the present state and try again.")
        case let state where state.hasPrefix("22") || state.hasPrefix("23"):
            // The message of these classes can hold a value.
            return CutisError(
                .internalFailure, "The database refuses a value\(about) (SQLSTATE \(state)).",
                remedy: "Report it with the steps that led to it; nothing of the transaction was kept.")
        case "53100", "53400":
            return CutisError(
                .noSpaceLeft, "The disk of the PostgreSQL server at \(address) is full.",
                remedy: "Free some space there; what was acknowledged is kept, this change was not made.")
        case "58030" where message.contains("No space left"):
            return error(state: "53100", message: message, subject: subject, address: address)
        case "XX001", "XX002":
            return CutisError(
                .storageCorrupt, "The PostgreSQL database at \(address) is damaged: \(clean(message)).",
                remedy: "Stop the service, check the server's disk and restore a backup.")
        case "42P01", "42703", "42883", "3F000":
            return CutisError(
                .schemaMismatch,
                "The database at \(address) does not have the schema of this version: \(clean(message)).",
                remedy: "Run `cutis migrate`, or start the service once, which does it.")
        case "42501":
            return CutisError(
                .storageUnavailable, "The database user may not do this: \(clean(message)).",
                remedy: "Grant the user of \(address) all rights on its own database.")
        case "28P01", "28000":
            return unavailable(
                address, "it refuses the user or the password",
                remedy: "Check user and password of the address, and pg_hba.conf on the server.")
        case "3D000":
            return unavailable(
                address, "there is no such database", remedy: "Make it (`createdb`), or mend the address.")
        case "25006":
            return unavailable(
                address, "it takes no changes now (a standby, or a transaction that only reads)",
                remedy: "Name the primary server, or all servers with target_session_attrs=read-write.")
        case "57014", "55P03":
            return unavailable(
                address, "a statement took too long",
                remedy: "Try again; look for a blocked or overloaded server (pg_stat_activity).")
        case "42P18", "42601", "42804", "42846", "25P02", "25001", "0A000":
            return CutisError(
                .internalFailure, "A statement does not fit PostgreSQL (SQLSTATE \(state ?? "")): \(clean(message)).",
                remedy: "This is a fault of the program; report it.")
        default:
            return unavailable(
                address, clean(message) + (state.map { " (SQLSTATE \($0))" } ?? ""),
                remedy: "Check that the server runs and is reached from here, then try again.")
        }
    }

    /// Whether the same transaction may go through when it is run again: another one was in its way.
    static func isTransient(_ state: String?) -> Bool {
        ["40001", "40P01"].contains(state)
    }

    static func unavailable(_ address: PostgresAddress, _ reason: String, remedy: String) -> CutisError {
        CutisError(
            .storageUnavailable, "The PostgreSQL database at \(address) does not answer: \(reason).", remedy: remedy)
    }

    static func closed(_ address: PostgresAddress) -> CutisError {
        unavailable(address, "its connections were closed", remedy: "Start the service again.")
    }

    /// One line without the password.
    static func clean(_ message: String, hiding password: String? = nil) -> String {
        var text = message.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " || $0 == "\t" } }
            .joined(separator: "; ")
        if let password, !password.isEmpty { text.replace(password, with: "…") }
        while let last = text.last, last == "." || last == " " { text.removeLast() }
        return String(text.prefix(400))
    }
}
