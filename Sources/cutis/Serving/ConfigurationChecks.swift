import CutisCore
import CutisServer
import CutisService
import CutisStorage
import CutisStoragePostgres
import Foundation
import Logging

extension ServiceConfiguration {
    /// What can be known of the configuration's values without a database and without a model: that every file it names
    /// can be used, and that secrets and addresses have their form.
    ///
    /// - Throws: `CutisError` that names what is wrong.
    func check() throws {
        if let databaseURL { _ = try PostgresAddress(databaseURL) }
        if let installationSecret {
            _ = try InstallationSecret(text: installationSecret, source: "secrets.installation")
        }
        if let imageKeys { _ = try KeyRing(text: imageKeys, source: "secrets.image_keys") }
        try server.tls?.check(logger: Logger(label: "cutis"))
        try server.tokens?.checkKeys()
        _ = try recommendationRules()
        if let folder = server.bundles {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
                throw CutisError(
                    .configInvalid, "`models.folder` is \(folder.path), which is no folder.",
                    remedy: "Make it, or name the folder that holds the bundles.")
            }
        }
    }

    /// The installation's own recommendation rules, where it has some.
    ///
    /// - Throws: `CutisError` with `.fileUnreadable`, or `.configInvalid` where the file does not hold rules.
    func recommendationRules() throws -> Recommendations? {
        guard let file = recommendations else { return nil }
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw CutisError(
                .fileUnreadable, "The recommendation rules \(file.path) cannot be read.",
                remedy: "Check the path in `recommendations.file`, and that the user that runs Cutis may read it.")
        }
        return try Recommendations(data: data, name: file.path)
    }
}
