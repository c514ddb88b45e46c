import ArgumentParser
import CutisCore
import CutisService
import CutisStorage
import Foundation

/// `cutis keys`
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and revoke API keys, and renew the key that seals the images.",
        discussion: """
            EXAMPLES
              cutis keys create --user "Clinician 1" --role clinician --clinic default --data /var/lib/cutis
              cutis keys list --data /var/lib/cutis
              cutis keys revoke ID --data /var/lib/cutis
              cutis keys rotate --data /var/lib/cutis

            Whoever can read the data folder can do what an administrator can; the audit trail names `system`.
            """,
        subcommands: [Create.self, List.self, Revoke.self, Rotate.self])

    /// Opens a service's accounts for one piece of work.
    static func withAccounts<Result>(
        _ options: ServiceOptions, _ body: (AccountService) async throws -> Result
    ) async throws -> Result {
        let storage = try await ServiceStorage.open(options.configuration(), creates: false)
        do {
            let audit = try AuditService(database: storage.database, secret: storage.secret)
            let result = try await body(
                AccountService(database: storage.database, audit: audit, secret: storage.secret))
            await storage.database.close()
            return result
        } catch {
            await storage.database.close()
            throw error
        }
    }

    /// `cutis keys create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a key for a new or an existing user; it is shown once.")

        @Option(help: ArgumentHelp("The user's name, or the id of a user that is there.", valueName: "name"))
        var user: String

        @Option(help: "clinician, reviewer, engineer, auditor, admin or device; for a new user.")
        var role: String = Role.clinician.rawValue

        @Option(help: ArgumentHelp("The clinic's name, for a new user.", valueName: "name"))
        var clinic: String?

        @Option(help: ArgumentHelp("Days after which the key ends; never unless told.", valueName: "n"))
        var days: Double?

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            guard let role = Role(rawValue: role) else {
                throw CutisError(
                    .invalidArguments, "\(role) is no role.",
                    remedy: "Use one of \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            guard days.map({ $0 > 0 && $0 <= 36_500 }) ?? true else {
                throw CutisError(
                    .invalidArguments, "--days must be more than 0 and at most 36500.",
                    remedy: "Leave it out for a key that does not end.")
            }
            let end = days.map { Timestamp.now + Int64($0 * 86_400_000) }
            let key = try await KeysCommand.withAccounts(service) { accounts in
                let id =
                    Identifier.isValid(user)
                    ? user : try await accounts.createUser(name: user, role: role, clinic: clinic, by: .system).id
                return try await accounts.createKey(userID: id, expiresAt: end, by: .system)
            }
            try StandardOutput.write("key: \(key.text)\nid:  \(key.record.id)\nuser: \(key.record.userID)\n")
        }
    }

    /// `cutis keys list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the keys, newest first.")

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let (keys, users) = try await KeysCommand.withAccounts(service) { accounts in
                (try await accounts.keys(limit: 1000, by: .system), try await accounts.users(limit: 1000, by: .system))
            }
            let names = Dictionary(users.map { ($0.id, "\($0.name) (\($0.role.rawValue))") }) { first, _ in first }
            for key in keys {
                let state =
                    key.revokedAt != nil ? "revoked" : (key.expiresAt ?? .max) < Timestamp.now ? "ended" : "valid"
                try StandardOutput.write("\(key.id)  \(key.prefix)…  \(state)  \(names[key.userID] ?? key.userID)\n")
            }
        }
    }

    /// `cutis keys revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a key at once.")

        @Argument(help: ArgumentHelp("The key's id, as `cutis keys list` shows it.", valueName: "id"))
        var id: String

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            try await KeysCommand.withAccounts(service) { try await $0.revokeKey(id, by: .system) }
            try StandardOutput.write("\(id) is revoked.\n")
        }
    }

    /// `cutis keys rotate`
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Add a new key for the images and seal all of them again with it.",
            discussion: """
                Stop the service first. Backups that were made before need the old keys, which stay in the file.
                """)

        @OptionGroup var service: ServiceOptions

        func run() async throws {
            let configuration = try service.configuration()
            guard configuration.imageKeys == nil else {
                throw CutisError(
                    .invalidArguments, "The image keys come from secrets.image_keys, which this command cannot change.",
                    remedy: "Add a line with a new key there (`openssl rand -base64 32`) and restart the service.")
            }
            let lock = try FolderLock(configuration.folder)
            let file = configuration.keyFolder.appendingPathComponent("images.key")
            let ring = try KeyRing.rotate(file)
            let images = SealedBlobStore(try await ServiceStorage.openImages(configuration), ring: ring)
            let renewal = try await images.resealAll()
            withExtendedLifetime(lock) {}
            try StandardOutput.write("\(renewal.renewed) images are sealed by the new key \(ring.ids[0]).\n")
            if let failure = renewal.failures.first { throw failure }
        }
    }
}
