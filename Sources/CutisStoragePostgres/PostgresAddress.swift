import CPQ
public import CutisCore
import Foundation

/// Where a PostgreSQL database is and how it is reached: `postgresql://user:password@host:port/database?sslmode=…`.
///
/// Every connection parameter of libpq may follow the `?` (`sslmode`, `sslrootcert`, `sslcert`, `sslkey`,
/// `target_session_attrs`, several hosts, …), and its environment variables, password file and service file count as
/// they do for `psql`. Neither the description nor a mirror of an address shows the password.
public struct PostgresAddress: Sendable, CustomStringConvertible, CustomReflectable {
    let parameters: [Parameter]

    struct Parameter: Sendable {
        let keyword: String
        let value: String
    }

    /// Reads an address.
    ///
    /// - Throws: `CutisError` with `.configInvalid`; the message never repeats the text, which may hold a password.
    public init(_ url: String) throws(CutisError) {
        guard Self.isAddress(url) else {
            throw Self.invalid("it does not begin with postgresql://")
        }
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        defer {
            PQfreemem(message)
            PQconninfoFree(options)
        }
        guard let options else { throw Self.invalid("libpq cannot read it") }
        var parameters: [Parameter] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                parameters.append(Parameter(keyword: String(cString: keyword), value: String(cString: value)))
            }
            option += 1
        }
        self.parameters = parameters
    }

    /// Whether a text is meant as the address of a PostgreSQL database.
    public static func isAddress(_ text: String) -> Bool {
        ["postgresql://", "postgres://"].contains { text.hasPrefix($0) }
    }

    /// The address without its password and parameters.
    public var description: String {
        let user = self["user"].map { "\($0)@" } ?? ""
        let port = self["port"].map { ":\($0)" } ?? ""
        let database = self["dbname"].map { "/\($0)" } ?? ""
        return "postgresql://\(user)\(self["host"] ?? self["hostaddr"] ?? "")\(port)\(database)"
    }

    /// Shows the description alone.
    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

    subscript(keyword: String) -> String? {
        parameters.first { $0.keyword == keyword }?.value
    }

    private static func invalid(_ reason: String) -> CutisError {
        CutisError(
            .configInvalid, "The address of the PostgreSQL database is invalid: \(reason).",
            remedy:
                "Write it as postgresql://user:password@host:port/database?sslmode=verify-full, with reserved "
                + "characters of the password percent-encoded.")
    }
}
