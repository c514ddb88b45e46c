import CutisCore

/// Connections that are lent one call at a time; whoever comes when all are lent waits in line.
actor PostgresPool {
    private let address: PostgresAddress
    private let options: PostgresOptions
    private let limit: Int
    private var idle: [PostgresConnection] = []
    private var made = 0
    private var waiters: [Waiter] = []
    private var nextWaiter = 0
    private var isClosed = false

    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<PostgresConnection, any Error>
    }

    init(_ address: PostgresAddress, _ options: PostgresOptions, limit: Int) {
        self.address = address
        self.options = options
        self.limit = limit
    }

    /// Lends a connection for one call.
    nonisolated func lend<Result: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await acquire()
        do {
            let result = try await body(connection)
            await release(connection)
            return result
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Ends the connections: those that are lent when they come back.
    func close() async {
        isClosed = true
        let error = PostgresFailure.closed(address)
        for waiter in waiters { waiter.continuation.resume(throwing: error) }
        waiters = []
        let all = idle
        idle = []
        for connection in all { await connection.disconnect() }
    }

    private func acquire() async throws -> PostgresConnection {
        if isClosed { throw PostgresFailure.closed(address) }
        if let connection = idle.popLast() { return connection }
        if made < limit {
            made += 1
            return PostgresConnection(address, options)
        }
        nextWaiter += 1
        let id = nextWaiter
        let patience = Task { [options] in
            try await Task.sleep(for: options.patience)
            giveUp(id, isCancelled: false)
        }
        defer { patience.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiters.append(Waiter(id: id, continuation: $0)) }
        } onCancel: {
            Task { await giveUp(id, isCancelled: true) }
        }
    }

    private func giveUp(_ id: Int, isCancelled: Bool) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        let error =
            isCancelled
            ? CutisError(.cancelled, "The request was stopped while it waited for the database.", remedy: "Try again.")
            : PostgresFailure.unavailable(
                address, "all \(limit) connections are busy", remedy: "Try again; allow more connections.")
        waiters.remove(at: index).continuation.resume(throwing: error)
    }

    private func release(_ connection: PostgresConnection) async {
        if isClosed {
            await connection.disconnect()
        } else if waiters.isEmpty {
            idle.append(connection)
        } else {
            waiters.removeFirst().continuation.resume(returning: connection)
        }
    }
}
