import CutisCore
import CutisServer
import CutisService
import CutisStorage
import CutisStorageSQLite
import Foundation
import Glibc

/// What must be right before a request is let in; each check says what is wrong and what to do.
struct StartupChecks {
    let configuration: ServiceConfiguration

    /// How many of the newest images are looked for.
    private static let sample = 16
    /// How far the newest record may lie in the future: machines correct their clocks by less.
    private static let clockTolerance: Int64 = 300_000

    /// The folder can be written, and its disk has room.
    func checkFolder() throws(CutisError) {
        let folder = configuration.folder.path
        guard access(folder, W_OK | X_OK) == 0 else {
            throw CutisError(
                .outputUnwritable, "The data folder \(folder) is not writable (\(String(cString: strerror(errno)))).",
                remedy: "Let the user that runs Cutis write there, or name another folder with --data.")
        }
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return }
        let free = Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
        guard free >= configuration.minimumFree else {
            throw CutisError(
                .noSpaceLeft,
                "The disk of \(folder) has \(free >> 20) MB free; at least \(configuration.minimumFree >> 20) MB are "
                    + "needed.", remedy: "Make room, or lower data.minimum_free_mb.")
        }
    }

    /// The port is free; otherwise nothing else would be worth the wait.
    ///
    /// - Returns: the port, the system's choice for port 0.
    func checkPort() throws(CutisError) -> Int {
        let (host, port) = (configuration.server.host, configuration.server.port)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found else {
            throw CutisError(
                .configInvalid, "The host \(host) has no address.", remedy: "Give an address of this machine.")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            let code = errno
            let remedy =
                code == EADDRINUSE
                ? "Stop the program that uses it (`ss -ltnp`), or choose another with --port."
                : "Choose an address of this machine with --host, and a port above 1023 with --port."
            throw CutisError(
                .invalidArguments,
                "The service cannot listen on \(host), port \(port) (\(String(cString: strerror(code)))).",
                remedy: remedy)
        }
        guard listen(descriptor, 1) == 0 else {
            throw CutisError(
                .invalidArguments, "The port \(port) of \(host) is in use.",
                remedy: "Stop the program that uses it (`ss -ltnp`), or choose another with --port.")
        }
        return Self.port(of: descriptor) ?? port
    }

    private static func port(of descriptor: Int32) -> Int? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int? in
                guard getsockname(descriptor, address, &length) == 0 else { return nil }
                // The port stands at the same place in addresses of both families.
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    Int(UInt16(bigEndian: $0.pointee.sin_port))
                }
            }
        }
    }

    /// The database is whole, its newest images are there, and the clock does not stand before it.
    func checkStorage(_ storage: ServiceStorage) async throws {
        if let sqlite = storage.database as? SQLiteDatabase { try await sqlite.checkIntegrity() }
        try await checkImages(storage)
        try await checkClock(storage.database)
    }

    private func checkImages(_ storage: ServiceStorage) async throws {
        let newest = try await storage.database.read {
            try ImageRepository($0).list(clinicID: nil, limit: Self.sample)
        }
        var missing: [String] = []
        for image in newest {
            do {
                _ = try await storage.rawImages.get(image.blobKey, range: 0..<1)
            } catch let error as CutisError where error.code == .blobMissing {
                missing.append(image.blobKey)
            }
        }
        guard let first = missing.first, !configuration.toleratesMissingImages else { return }
        throw CutisError(
            .blobMissing,
            "\(missing.count) of the \(newest.count) newest images are not in the store, such as \(first).",
            remedy: "Check that the store is the one of this database, and restore the newest backup; to start without "
                + "them, set data.tolerates_missing_images.")
    }

    private func checkClock(_ database: any Database) async throws {
        let newest = try await database.read { transaction in
            let head = try AuditRepository(transaction).head()
            return try AuditRepository(transaction).find(sequence: head.sequence, clinicID: nil)?.time
        }
        let now = Timestamp.now
        guard let newest, newest > now + Self.clockTolerance else { return }
        throw CutisError(
            .configInvalid,
            "The machine's clock stands \((newest - now) / 60_000) minutes before the newest record of the audit trail.",
            remedy: "Set the clock (`timedatectl`): records would get times that they did not have.")
    }
}
