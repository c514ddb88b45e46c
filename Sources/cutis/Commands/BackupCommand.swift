import ArgumentParser
import CutisCore
import CutisService
import CutisStorage
import Foundation

/// `cutis backup`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy everything that a service keeps into a folder, while it runs.",
        discussion: """
            EXAMPLES
              cutis backup /backups/2026-05-01 --data /var/lib/cutis
              cutis backup /backups/2026-05-01 --verify

            The images stay sealed. The keys (DATA/keys) are not a part of the backup: keep a copy of them elsewhere,
            for without them neither patients nor images can be read.
            """)

    @Argument(help: ArgumentHelp("The folder of the backup; it must not be there yet.", valueName: "folder"))
    var folder: String

    @Flag(help: "Compare an existing backup with its hashes instead.")
    var verify = false

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let target = URL(fileURLWithPath: folder)
        guard !verify else {
            let manifest = try await Backup.verify(target)
            return try StandardOutput.write("The backup is whole: \(Self.summary(manifest))\n")
        }
        let configuration = try service.configuration()
        let database = try await ServiceStorage.openDatabase(configuration, creates: false)
        let manifest = try await Backup.write(
            database, blobs: ServiceStorage.openImages(configuration), to: target)
        await database.close()
        try StandardOutput.write("\(folder): \(Self.summary(manifest))\n")
        if !service.quietness.quiet, configuration.installationSecret == nil {
            printToStandardError(
                "cutis: keep a copy of \(configuration.keyFolder.path) elsewhere; it is not in the backup")
        }
        guard let first = manifest.blobs.missing.first else { return }
        throw CutisError(
            .blobMissing, "\(manifest.blobs.missing.count) images were not in the store, such as \(first).",
            remedy: "The backup has everything else; find the images in an earlier one.")
    }

    static func summary(_ manifest: BackupManifest) -> String {
        let rows = manifest.tables.reduce(0) { $0 + $1.rows }
        return "\(rows) rows, \(manifest.blobs.count) images, the audit trail to entry \(manifest.auditSequence)"
    }
}

/// `cutis restore`
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a backup back into an empty data folder or database.",
        discussion: """
            EXAMPLES
              cp -r /safe/keys /var/lib/cutis-new/keys
              cutis restore /backups/2026-05-01 --data /var/lib/cutis-new
              cutis restore /backups/2026-05-01 --data /var/lib/cutis-new --present /var/lib/cutis

            With --present, what the present installation knows of deletions and of revoked keys since the backup is
            done again: what was deleted stays deleted.
            """)

    @Argument(help: ArgumentHelp("The folder of the backup.", valueName: "folder"))
    var folder: String

    @Option(
        help: ArgumentHelp(
            "The data folder (SQLite) of the installation that is replaced, for what was deleted since.",
            valueName: "folder"))
    var present: String?

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let configuration = try service.configuration()
        var state = PresentState()
        if let present {
            var old = configuration
            old.folder = URL(fileURLWithPath: present)
            old.databaseURL = nil
            let database = try await ServiceStorage.openDatabase(old, creates: false)
            state = try await PresentState(of: database)
            await database.close()
        }
        try ServiceStorage.makeFolders(configuration)
        let database = try await ServiceStorage.openDatabase(configuration, creates: true)
        let report = try await Restore.read(
            URL(fileURLWithPath: folder), into: database, blobs: ServiceStorage.openImages(configuration),
            present: state)
        await database.close()
        let deleted = report.deleted.values.reduce(0, +)
        try StandardOutput.write(
            "\(report.rows) rows and \(report.blobs) images are back, \(deleted) rows stay deleted.\n")
        let keys = configuration.keyFolder
        guard configuration.installationSecret == nil,
            !FileManager.default.fileExists(atPath: keys.appendingPathComponent("installation.key").path)
        else { return }
        printToStandardError("cutis: now put the keys of the installation back into \(keys.path)")
    }
}

/// `cutis migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring a database to this version's schema, or move one from SQLite to PostgreSQL.",
        discussion: """
            EXAMPLES
              cutis migrate --data /var/lib/cutis
              CUTIS_DATABASE_URL_FILE=/etc/cutis/database.url cutis migrate --from-sqlite --data /var/lib/cutis

            Stop the service first. With --from-sqlite everything in the folder's SQLite database is copied into the
            empty PostgreSQL database of `database.url`, and both are compared row by row before it counts; the images
            stay where they are.
            """)

    @Flag(help: "Copy the data folder's SQLite database into that of database.url.")
    var fromSqlite = false

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let configuration = try service.configuration()
        guard fromSqlite else {
            let database = try await ServiceStorage.openDatabase(configuration, creates: false)
            let applied = try await Schema.migrate(database)
            await database.close()
            let text = applied.isEmpty ? "The schema is up to date." : "Applied: \(applied.joined(separator: ", "))."
            return try StandardOutput.write(text + "\n")
        }
        guard configuration.databaseURL != nil else {
            throw CutisError(
                .invalidArguments, "There is no PostgreSQL database to move to.",
                remedy: "Set CUTIS_DATABASE_URL, or CUTIS_DATABASE_URL_FILE to a file with its address.")
        }
        var old = configuration
        old.databaseURL = nil
        let lock = try FolderLock(old.folder)
        let source = try await ServiceStorage.openDatabase(old, creates: false)
        let target = try await ServiceStorage.openDatabase(configuration, creates: true)
        let report = try await DatabaseCopy.run(from: source, to: target)
        await source.close()
        await target.close()
        withExtendedLifetime(lock) {}
        let rows = report.tables.reduce(0) { $0 + $1.rows }
        try StandardOutput.write(
            "\(rows) rows are copied and compared, the audit trail to entry \(report.auditSequence).\n")
    }
}
