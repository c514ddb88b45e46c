import CutisService
import Synchronization

/// What inner parts of the answering learn and outer ones log: a context is a value and does not travel outwards.
final class RequestNotes: Sendable {
    private let state = Mutex<(principal: Principal?, code: String?)>((nil, nil))

    /// Who asks.
    var principal: Principal? {
        get { state.withLock { $0.principal } }
        set { state.withLock { $0.principal = newValue } }
    }

    /// The problem's code, nil for an answer.
    var code: String? {
        get { state.withLock { $0.code } }
        set { state.withLock { $0.code = newValue } }
    }
}
