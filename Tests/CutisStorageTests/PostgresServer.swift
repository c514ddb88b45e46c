import CutisCore
import CutisStorage
import CutisStoragePostgres
import Foundation
import Synchronization
import Testing

/// A PostgreSQL server for the tests: the one of `CUTIS_TEST_POSTGRES`, or one of their own in a temporary folder.
///
/// The server of their own listens on 127.0.0.1 alone, asks for a password, and ends with the process that started it,
/// however that ends: a shell keeps it until its standard input is closed.
final class PostgresServer: Sendable {
    /// The address with the password.
    let url: String
    /// Where the certificate of a server of the tests' own is, if it has one.
    let certificate: URL
    private let shell: Shell?

    static let password = "p%40ss-w%C3%B6rd"
    private static let binaries = "/usr/lib/postgresql/15/bin"

    /// Whether there is a server, or what it takes to start one.
    static let isAvailable =
        ProcessInfo.processInfo.environment["CUTIS_TEST_POSTGRES"] != nil || canStart

    /// Whether a server of the tests' own can be started.
    static let canStart = FileManager.default.isExecutableFile(atPath: "\(binaries)/initdb")

    static let absence: Comment = "PostgreSQL 15 is not installed, and CUTIS_TEST_POSTGRES names no server"

    /// The server that all tests share.
    static let shared = Task {
        if let url = ProcessInfo.processInfo.environment["CUTIS_TEST_POSTGRES"] {
            return PostgresServer(url: url, folder: "", shell: nil)
        }
        return try await start()
    }

    private init(url: String, folder: String, shell: Shell?) {
        self.url = url
        certificate = URL(fileURLWithPath: folder).appendingPathComponent("server.crt")
        self.shell = shell
    }

    /// Starts a server.
    ///
    /// - Parameter settings: lines for `postgresql.conf`; without durability by default, which tests do not need.
    static func start(settings: [String] = ["fsync = off"]) async throws -> PostgresServer {
        try await BlockingWork.run {
            let port = try freePort()
            let lines = settings + ["listen_addresses = '127.0.0.1'", "port = \(port)", "max_connections = 500"]
            let shell = try Shell(
                "/bin/sh", ["-c", script, "sh", binaries, lines.joined(separator: "\n"), "p@ss-wörd"])
            return PostgresServer(
                url: "postgresql://cutis:\(password)@127.0.0.1:\(port)/postgres?connect_timeout=20",
                folder: shell.greeting, shell: shell)
        }
    }

    /// Ends the server at once, as a crash would.
    func stop() async throws {
        let shell = shell
        try await BlockingWork.run { _ = try shell?.tell("stop") }
    }

    /// Starts it again.
    func resume() async throws {
        let shell = shell
        try await BlockingWork.run { _ = try shell?.tell("start") }
    }

    /// Tests use the server a few at a time: a server of others has not many connections.
    private static let places = Places(8)

    /// Runs a body with the address of a new, empty schema, and removes the schema.
    func withSchema(_ body: (String) async throws -> Void) async throws {
        await Self.places.take()
        do {
            try await withOwnSchema(body)
        } catch {
            await Self.places.giveBack()
            throw error
        }
        await Self.places.giveBack()
    }

    private func withOwnSchema(_ body: (String) async throws -> Void) async throws {
        let name = "test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        let owner = try await PostgresDatabase.open(url, options: PostgresOptions(connections: 2))
        try await owner.write { try $0.execute("CREATE SCHEMA \(name)", []) }
        let address = url + (url.contains("?") ? "&" : "?") + "options=-c%20search_path%3D\(name)"
        do {
            try await body(address)
        } catch {
            _ = try? await owner.write { try $0.execute("DROP SCHEMA \(name) CASCADE", []) }
            await owner.close()
            throw error
        }
        _ = try? await owner.write { try $0.execute("DROP SCHEMA \(name) CASCADE", []) }
        await owner.close()
    }

    /// Makes a cluster, as another user where this is root, and obeys until its input ends.
    private static let script = #"""
        set -eu
        bin=$1 settings=$2 password=$3
        dir=$(mktemp -d "${TMPDIR:-/tmp}/cutis-pg.XXXXXX")
        user=$(id -un)
        if [ "$(id -u)" = 0 ]; then
            user=nobody
            if id postgres >/dev/null 2>&1; then user=postgres; fi
            # The folders above may be closed to that user.
            rmdir "$dir"
            dir=$(mktemp -d /tmp/cutis-pg.XXXXXX)
            chown "$user" "$dir"
        fi
        as() { if [ "$(id -u)" = 0 ]; then runuser -u "$user" -- "$@"; else "$@"; fi; }
        cd "$dir"
        finish() {
            as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
            rm -rf "$dir"
        }
        trap finish EXIT
        printf '%s\n' "$password" > password
        if [ "$(id -u)" = 0 ]; then chown "$user" password; fi
        as "$bin/initdb" -D "$dir/data" -U cutis -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C \
            --no-sync >/dev/null
        printf '%s\n' "$settings" "unix_socket_directories = '$dir'" >> "$dir/data/postgresql.conf"
        case $settings in *"ssl = on"*)
            as openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 \
                -addext subjectAltName=IP:127.0.0.1 -keyout "$dir/data/server.key" -out "$dir/data/server.crt" 2>/dev/null
            chmod 600 "$dir/data/server.key"
            cp "$dir/data/server.crt" "$dir/server.crt"
        esac
        start() { as "$bin/pg_ctl" -D "$dir/data" -w -t 120 -l "$dir/data/server.log" start >/dev/null </dev/null; }
        start
        echo "$dir"
        while read -r command; do
            case $command in
                stop) as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null ;;
                start) start ;;
            esac
            echo "done"
        done
        """#

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general -> UInt16? in
                guard bind(descriptor, general, size) == 0, getsockname(descriptor, general, &size) == 0 else {
                    return nil
                }
                return UnsafeRawPointer(general).assumingMemoryBound(to: sockaddr_in.self).pointee.sin_port
            }
        }
        return Int(UInt16(bigEndian: try #require(port)))
    }
}

/// A number of places; who finds none waits for one.
private actor Places {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ free: Int) {
        self.free = free
    }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// A program that answers each line on its input with a line, and ends when its input is closed: with the tests.
final class Shell: Sendable {
    /// The first line.
    let greeting: String
    private let streams: Mutex<(input: FileHandle, output: FileHandle)>
    private let process: Process

    /// Starts a program and waits for its first line.
    init(_ program: String, _ arguments: [String]) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let (writing, reading) = (input.fileHandleForWriting, output.fileHandleForReading)
        greeting = try Self.line(from: reading)
        streams = Mutex((writing, reading))
    }

    /// Sends a line and waits for the answer.
    @discardableResult
    func tell(_ line: String) throws -> String {
        try streams.withLock { streams in
            try streams.input.write(contentsOf: Data("\(line)\n".utf8))
            return try Self.line(from: streams.output)
        }
    }

    private static func line(from output: FileHandle) throws -> String {
        var line = Data()
        while let byte = try output.read(upToCount: 1), !byte.isEmpty {
            if byte.first == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        throw CutisError(.storageUnavailable, "A server of the tests ended.", remedy: "Look at what it printed.")
    }
}
