import Crypto
import CutisCore
import CutisStorage
public import Foundation

/// The end of the audit trail at one moment, signed: kept apart, it shows what was cut off later.
///
/// The signature is Ed25519 (RFC 8032) by a key derived from the installation's secret, so that an auditor with the
/// public key can check a head without any secret.
public struct SignedHead: Sendable, Hashable, Codable {
    /// The last entry's place; 0 for an empty trail.
    public var sequence: Int64
    /// The last entry's hash; 64 zeros for an empty trail.
    public var hash: String
    /// The last entry's time.
    public var time: Int64
    /// The machine's clock when the entry was made, which may lie before `time` where the clock jumped back.
    public var clock: Int64
    /// The public key in hexadecimal.
    public var key: String
    /// The signature in hexadecimal.
    public var signature: String

    /// Signs the end of a trail.
    static func make(
        sequence: Int64, hash: String, time: Int64, clock: Int64, with signer: AuditSigner
    ) throws -> SignedHead {
        var head = SignedHead(
            sequence: sequence, hash: hash, time: time, clock: clock, key: signer.publicKey, signature: "")
        head.signature = try signer.sign(head.message)
        return head
    }

    /// Whether the signature fits the head and the key that the head names.
    public var isGenuine: Bool {
        guard let key = Hexadecimal.bytes(key), let signature = Hexadecimal.bytes(signature),
            let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: key)
        else { return false }
        return publicKey.isValidSignature(signature, for: message)
    }

    /// What is signed: every field, so that none can be changed.
    private var message: Data { Data("cutis-audit-head|1|\(sequence)|\(hash)|\(time)|\(clock)|\(key)".utf8) }
}

/// The key that signs heads of the audit trail.
struct AuditSigner: Sendable {
    let publicKey: String
    private let key: Curve25519.Signing.PrivateKey

    init(_ secret: InstallationSecret) throws {
        let seed = secret.key(for: "audit-head").withUnsafeBytes { Data($0) }
        key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        publicKey = Hexadecimal.text(key.publicKey.rawRepresentation)
    }

    func sign(_ message: Data) throws -> String { Hexadecimal.text(try key.signature(for: message)) }
}

extension SignedHead {
    /// Reads a head as `text` writes it; nil for any other text.
    public init?(_ text: String) {
        guard let head = try? JSONDecoder().decode(SignedHead.self, from: Data(text.utf8)) else { return nil }
        self = head
    }

    /// The head as one line of JSON with sorted keys.
    public func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension AuditService {
    /// Writes the signed end of the trail into a folder that is kept apart from the database, such as once a day.
    ///
    /// - Returns: the file, named after the place of the end.
    public func writeHead(to folder: URL, by principal: Principal) async throws -> URL {
        let head = try await signedHead(by: principal)
        let file = folder.appendingPathComponent("audit-head-\(head.sequence).json")
        if FileManager.default.fileExists(atPath: file.path) { return file }
        let temporary = folder.appendingPathComponent(".audit-head-\(KeyText.random().prefix(8)).tmp")
        try DurableFile.write(Data((try head.text() + "\n").utf8), to: temporary)
        try DurableFile.rename(temporary, to: file)
        return file
    }

    /// The signed ends that a folder holds, for `verify`.
    ///
    /// - Throws: `CutisError` with `.auditBroken` for a file that is no signed end.
    public static func heads(in folder: URL) throws -> [SignedHead] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix("audit-head-") && $0.hasSuffix(".json") }
        return try names.map { name in
            let file = folder.appendingPathComponent(name)
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            guard let head = SignedHead(text) else {
                throw broken("The file \(file.path) does not hold the end of an audit trail.")
            }
            return head
        }
    }
}
