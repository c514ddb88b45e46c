import CutisCore
import CutisStorage
import Synchronization

/// Puts on record who has seen what of a patient.
///
/// A page asks for one analysis several times (its text, photo and map), and a reader comes back to it: one entry per
/// user and object in a quarter of an hour says who has seen it, and the trail stays readable.
final class AccessTrail: Sendable {
    private struct Sight: Hashable {
        var user: String
        var action: Action
        var subject: String
    }

    /// For how long an entry stands for further looks at the same thing.
    static let span: Duration = .seconds(900)
    /// The most sights that are remembered; past them the trail gets an entry more than it needs.
    private static let capacity = 10_000

    private let audit: AuditService
    private let metrics: ServiceMetrics
    private let recent = Mutex<[Sight: ContinuousClock.Instant]>([:])

    init(audit: AuditService, metrics: ServiceMetrics) {
        self.audit = audit
        self.metrics = metrics
    }

    /// Writes an entry, unless one stands.
    ///
    /// Where the store takes no entry for now, the sight is counted instead: a full disk must not hide a patient's
    /// history from a clinician.
    ///
    /// - Parameter subject: the id of what was seen; `-` for a list of a clinic's.
    func note(_ action: Action, _ subject: String, clinicID: String? = nil, by principal: Principal) async throws {
        let (sight, now) = (Sight(user: principal.userID, action: action, subject: subject), ContinuousClock.now)
        let isNew = recent.withLock { recent in
            if let last = recent[sight], now - last < Self.span { return false }
            if recent.count >= Self.capacity { recent = recent.filter { now - $0.value < Self.span } }
            if recent.count >= Self.capacity { recent.removeAll(keepingCapacity: true) }
            recent[sight] = now
            return true
        }
        guard isNew else { return }
        do {
            try await audit.record(AuditEntry(action.rawValue, subject: subject, by: principal, clinicID: clinicID))
        } catch {
            recent.withLock { _ = $0.removeValue(forKey: sight) }
            let code = (error as? CutisError)?.code
            guard code == .noSpaceLeft || code == .storageUnavailable else { throw error }
            metrics.sawUnrecorded()
        }
    }
}
