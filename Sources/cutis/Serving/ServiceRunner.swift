import CutisCore
import CutisServer
import CutisService
import CutisStorage
import Foundation
import Glibc
import Logging
import ServiceLifecycle

/// Starts the service, and stops it without losing what it has accepted.
struct ServiceRunner {
    var configuration: ServiceConfiguration
    let logger: Logger

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Throws: `CutisError` with what keeps the service from starting.
    func run() async throws {
        var configuration = configuration
        let checks = StartupChecks(configuration: configuration)
        configuration.server.port = try checks.checkPort()
        let storage = try await ServiceStorage.open(configuration, creates: true)
        do {
            try checks.checkFolder()
            let lock = try FolderLock(configuration.folder)
            defer { withExtendedLifetime(lock) {} }
            let migrated = try await Schema.migrate(storage.database)
            if !migrated.isEmpty { logger.notice("the schema is new", metadata: ["migrations": "\(migrated)"]) }
            try await checks.checkStorage(storage)
            try await serve(configuration, storage)
            await storage.database.close()
        } catch {
            await storage.database.close()
            throw error
        }
    }

    private func serve(_ configuration: ServiceConfiguration, _ storage: ServiceStorage) async throws {
        let assembly = ServiceAssembly(configuration: configuration, storage: storage, logger: logger)
        let container = try await assembly.assemble()
        let application = try buildApplication(container, configuration: configuration.server, logger: logger)
        try StandardOutput.write("web page: \(configuration.address)\n")
        _ = try await container.audit.record(
            AuditEntry("service.start", subject: "-", by: .system, details: ["version": .string(Cutis.version)]))
        let heads = configuration.auditHeads ?? configuration.folder.appendingPathComponent("audit-heads")
        // From here on a signal means: finish what was accepted.
        let group = serviceGroup(
            [
                RetentionSweeper(retention: container.retention, logger: logger),
                HeadKeeper(audit: container.audit, folder: heads, logger: logger), application,
            ],
            configuration: configuration.server, logger: logger)
        Interrupts.shared.handle { Task { await group.triggerGracefulShutdown() } }
        try await group.run()
        _ = try await container.audit.record(AuditEntry("service.stop", subject: "-", by: .system))
    }
}

/// Deletes what is past its time, once an hour.
struct RetentionSweeper: Service {
    let retention: RetentionService
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let report = try await retention.sweep()
                    if report != SweepReport() { logger.info("old data is deleted", metadata: ["report": "\(report)"]) }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("old data could not be deleted", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: .seconds(3600))
            }
        }
    }
}

/// Puts the signed end of the audit trail aside, at the start and once a day: with a copy of it elsewhere a trail that was
/// cut off and signed anew is found (`cutis audit verify --head`).
struct HeadKeeper: Service {
    let audit: AuditService
    let folder: URL
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                    _ = try await audit.writeHead(to: folder, by: .system)
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("the end of the audit trail was not put aside", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: .seconds(86_400))
            }
        }
    }
}

/// Keeps a second server away from a data folder.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; it ends with the process, however that ends.
    ///
    /// - Throws: `CutisError` with `.conflict` where another process has it.
    init(_ folder: URL) throws(CutisError) {
        let path = folder.appendingPathComponent("lock").path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CutisError(
                .outputUnwritable, "\(path) cannot be opened (\(String(cString: strerror(errno)))).",
                remedy: "Let the user that runs Cutis write in the data folder.")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CutisError(
                .conflict, "Another process of Cutis works in \(folder.path).",
                remedy: "Stop it first, or give this one a folder of its own with --data.")
        }
    }

    deinit { close(descriptor) }
}
