import CutisCore

/// A failed attempt, and whether another may go better.
struct Setback: Error {
    /// What the user is told if nothing helps.
    let error: CutisError
    /// Whether the cause may pass: a broken connection, a busy server.
    var isTransient = false
    /// How long the server asks to wait.
    var wait: Duration?
    /// Whether the attempt brought the work on, so that attempts are counted anew.
    var madeProgress = false

    /// A setback that no further attempt mends.
    init(final error: CutisError) {
        self.error = error
    }

    /// A setback that may pass.
    init(transient error: CutisError, wait: Duration? = nil, madeProgress: Bool = false) {
        self.error = error
        isTransient = true
        self.wait = wait
        self.madeProgress = madeProgress
    }
}

/// How often and after which pauses an attempt is repeated.
package struct RetryPolicy: Sendable {
    /// The most attempts that in a row bring nothing.
    package var attempts: Int
    /// The first pause; each further one is twice as long, and a little random so that clients do not march in step.
    package var pause: Duration
    /// The longest pause, also where a server asks for a longer one.
    package var longestPause: Duration

    /// Makes a policy.
    package init(attempts: Int = 5, pause: Duration = .milliseconds(500), longestPause: Duration = .seconds(60)) {
        self.attempts = attempts
        self.pause = pause
        self.longestPause = longestPause
    }

    /// Runs `body` until it succeeds, fails for good or has had its attempts.
    func run<R>(_ body: () async throws(Setback) -> R) async throws(CutisError) -> R {
        var failures = 0
        while true {
            let setback: Setback
            do {
                return try await body()
            } catch {
                setback = error
            }
            if Task.isCancelled { throw HubFailure.cancelled }
            failures = setback.madeProgress ? 1 : failures + 1
            let wait =
                setback.wait ?? min(pause * (1 << min(failures - 1, 16)) * Double.random(in: 1...1.25), longestPause)
            guard setback.isTransient, failures < attempts, wait <= longestPause else { throw setback.error }
            do {
                try await Task.sleep(for: wait)
            } catch {
                throw HubFailure.cancelled
            }
        }
    }
}
