package import CutisCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A process that this one starts and waits for.
///
/// It stays in the process group of its parent, so that Ctrl-C ends both; Foundation's `Process` makes a group of its
/// own.
package final class ChildProcess {
    /// How a process ended and what it wrote.
    package struct Outcome {
        /// The exit status; 128 + the signal where one ended it.
        package let status: Int32
        /// The signal that ended it, or nil.
        package let signal: Int32?
        package let output: Data
        package let errors: Data
    }

    private let name: String
    private let identifier: pid_t
    private let output = Pipe()
    private let errors = Pipe()

    /// Starts an executable.
    ///
    /// - Throws: `.computeFailed` where it cannot be started.
    package init(_ executable: URL, _ arguments: [String]) throws(CutisError) {
        name = executable.lastPathComponent
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.fileHandleForWriting.fileDescriptor, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.fileHandleForWriting.fileDescriptor, STDERR_FILENO)
        // What this process ignores and this thread blocks must end the new one from its first moment on.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = ([executable.path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var started: pid_t = 0
        let code = posix_spawn(&started, executable.path, &actions, &attributes, words, environ)
        guard code == 0 else {
            throw CutisError(
                .computeFailed, "\(executable.path) could not be started (\(String(cString: strerror(code)))).",
                remedy: "Check that the file is there and may be run.")
        }
        identifier = started
        try? output.fileHandleForWriting.close()
        try? errors.fileHandleForWriting.close()
    }

    /// Waits for the end. What the process writes must fit into a pipe (64 KiB each).
    ///
    /// - Throws: `.computeFailed` after `limit`, when the process is ended; `CancellationError`.
    package func wait(limit: Duration) throws -> Outcome {
        let deadline = ContinuousClock.now + limit
        var status: Int32 = 0
        while true {
            let ended = waitpid(identifier, &status, WNOHANG)
            if ended == identifier { break }
            let isLost = ended < 0 && errno != EINTR
            guard !isLost, ContinuousClock.now < deadline, !Task.isCancelled else {
                kill(identifier, SIGKILL)
                waitpid(identifier, &status, 0)
                if Task.isCancelled { throw CancellationError() }
                throw CutisError(
                    .computeFailed, "\(name) did not end within \(limit.components.seconds) s and was stopped.",
                    remedy: "Try again when the machine is less busy.")
            }
            usleep(10_000)
        }
        let signal = status & 0x7F
        return Outcome(
            status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, signal: signal == 0 ? nil : signal,
            output: output.fileHandleForReading.readDataToEndOfFile(),
            errors: errors.fileHandleForReading.readDataToEndOfFile())
    }
}
