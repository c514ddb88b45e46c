/// How a PostgreSQL database is used.
public struct PostgresOptions: Sendable, Hashable {
    /// The most connections; one of them writes, the others read. At least 2.
    public var connections: Int
    /// How long a connection attempt may take to each host, where the address does not say (`connect_timeout`).
    public var connectTimeout: Duration
    /// How long the server works on one statement before it gives up.
    public var statementTimeout: Duration
    /// How long a call waits for a free connection.
    public var patience: Duration

    /// Makes options.
    public init(
        connections: Int = 8, connectTimeout: Duration = .seconds(10), statementTimeout: Duration = .seconds(30),
        patience: Duration = .seconds(30)
    ) {
        self.connections = connections
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.patience = patience
    }
}
