import CutisCore
public import CutisStorage
import Foundation
import Synchronization

/// The audit trail: entries are appended in the transaction of what they tell, each one chained to the one before.
///
/// Writers wait for each other on the row of the head, which an append changes before it reads: SQLite has one writer
/// anyway, PostgreSQL locks the row until the transaction ends. So places have no gaps on either, and an entry exists
/// if and only if what it tells was committed.
public struct AuditService: Sendable {
    let database: any Database
    let clock: ServiceClock
    let signer: AuditSigner
    /// The end that was found genuine or made last: checking a signature again costs as much as a small transaction.
    let known = KnownHead()

    /// How far the clock may go back before it is put on record; machines correct their clocks by less.
    static let clockTolerance: Int64 = 1000

    /// Joins the service's parts.
    public init(database: any Database, secret: InstallationSecret, clock: ServiceClock = .system) throws {
        self.database = database
        self.clock = clock
        signer = try AuditSigner(secret)
    }

    /// The public key by which anyone can check signed heads, in hexadecimal.
    public var publicKey: String { signer.publicKey }
}

/// A signed end of the trail with the very text that is stored.
final class KnownHead: Sendable {
    private let last = Mutex<(text: String, head: SignedHead)?>(nil)

    /// The head of a text that is the same, byte for byte, as the one that was kept.
    func head(of text: String) -> SignedHead? {
        last.withLock { last in last.flatMap { $0.text == text ? $0.head : nil } }
    }

    /// Keeps a head whose signature is known to be right.
    func keep(_ head: SignedHead, text: String) {
        last.withLock { $0 = (text, head) }
    }
}
