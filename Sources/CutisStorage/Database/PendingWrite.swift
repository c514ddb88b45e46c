import Synchronization

/// A write that is committed together with others: its result is kept until the commit is on the disk.
package struct PendingWrite: Sendable {
    /// Runs the body and keeps its result until the commit.
    package let run: @Sendable (any Transaction) throws -> Void
    /// Hands the result, or the error, to the caller.
    package let finish: @Sendable ((any Error)?) -> Void

    /// Hands a write over and waits until it is finished.
    ///
    /// - Parameters:
    ///   - body: the statements.
    ///   - enqueue: takes the write; `finish` is called once, after the commit that holds it or its failure.
    package static func result<Result: Sendable>(
        of body: @escaping @Sendable (any Transaction) throws -> Result, enqueue: (PendingWrite) -> Void
    ) async throws -> Result {
        let box = ResultBox<Result>()
        return try await withCheckedThrowingContinuation { continuation in
            enqueue(
                PendingWrite(
                    run: { transaction in
                        let result = try body(transaction)
                        box.value.withLock { $0 = result }
                    },
                    finish: { error in
                        if let error {
                            continuation.resume(throwing: error)
                        } else if let result = box.value.withLock({ $0 }) {
                            continuation.resume(returning: result)
                        } else {
                            // A write is only finished without an error after its body returned.
                            continuation.resume(throwing: CancellationError())
                        }
                    }))
        }
    }
}

/// A result between the statement that made it and the commit that lets it out.
private final class ResultBox<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
