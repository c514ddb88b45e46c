import CutisCore
import CutisService
import CutisStorage
import CutisStoragePostgres
import CutisStorageSQLite
import Foundation

/// What the service keeps: its database, its sealed images and its secret.
struct ServiceStorage: Sendable {
    let database: any Database
    /// The store beneath the sealing one, as backups take it.
    let rawImages: any BlobStore
    /// The store of sealed images.
    let images: SealedBlobStore
    let secret: InstallationSecret

    /// Opens what is there; with `creates` also what is not there yet, in a folder that its owner alone can read.
    ///
    /// - Throws: `CutisError` with what is missing, damaged or not writable.
    static func open(_ configuration: ServiceConfiguration, creates: Bool) async throws -> ServiceStorage {
        if creates { try makeFolders(configuration) }
        let database = try await openDatabase(configuration, creates: creates)
        do {
            return try await open(configuration, database, creates: creates)
        } catch {
            await database.close()
            throw error
        }
    }

    private static func open(
        _ configuration: ServiceConfiguration, _ database: any Database, creates: Bool
    ) async throws -> ServiceStorage {
        let isNew = try await isEmpty(database)
        let secret: InstallationSecret
        if let text = configuration.installationSecret {
            secret = try InstallationSecret(text: text, source: "secrets.installation")
        } else {
            secret = try InstallationSecret(
                file: configuration.keyFolder.appendingPathComponent("installation.key"), creates: creates && isNew)
        }
        let raw = try await openImages(configuration)
        let images: SealedBlobStore
        if let text = configuration.imageKeys {
            images = SealedBlobStore(raw, ring: try KeyRing(text: text, source: "secrets.image_keys"))
            try await images.checkKeys()
        } else {
            images = try await SealedBlobStore.open(
                raw, keyFile: configuration.keyFolder.appendingPathComponent("images.key"))
        }
        if creates, isNew, try await !images.isEmpty() {
            let place = configuration.images.map { "bucket \($0.bucket)" } ?? configuration.imageFolder.path
            throw CutisError(
                .storageCorrupt, "The database is new, but the store (\(place)) holds images of another one.",
                remedy: "Restore the newest backup, or name the database of these images; for a new installation, give "
                    + "it an empty store.")
        }
        return ServiceStorage(database: database, rawImages: raw, images: images, secret: secret)
    }

    /// The database alone.
    static func openDatabase(
        _ configuration: ServiceConfiguration, creates: Bool
    ) async throws -> any Database {
        guard let url = configuration.databaseURL else {
            return try SQLiteDatabase(configuration.databaseFile, options: .init(creates: creates))
        }
        return try await PostgresDatabase.open(
            url, options: PostgresOptions(connections: configuration.databaseConnections))
    }

    /// The store of the images as it lies, sealed.
    static func openImages(_ configuration: ServiceConfiguration) async throws -> any BlobStore {
        if let s3 = configuration.images { return try await S3BlobStore.open(s3) }
        return try FileBlobStore(configuration.imageFolder)
    }

    /// Whether the database has no table yet, so that a secret can be made for it.
    private static func isEmpty(_ database: any Database) async throws -> Bool {
        let statement =
            database.dialect == .sqlite
            ? "SELECT 1 AS found FROM sqlite_master WHERE name = 'setting'"
            : "SELECT 1 AS found FROM information_schema.tables WHERE table_name = 'setting' AND table_schema = current_schema()"
        return try await database.read { try $0.query(statement, []).isEmpty }
    }

    /// Makes the data folder and that of the keys, for their owner alone.
    static func makeFolders(_ configuration: ServiceConfiguration) throws {
        for folder in [configuration.folder, configuration.keyFolder] {
            do {
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw CutisError(
                    .outputUnwritable, "The folder \(folder.path) cannot be made (\(error.localizedDescription)).",
                    remedy: "Name another with --data, or let the user that runs Cutis write there.")
            }
        }
    }
}
