import NIOCore
import Synchronization

/// Who wants to know when a connection's other side is gone, so that nothing more is computed for it.
final class Disconnections: Sendable {
    private typealias Callbacks = [Int: @Sendable () -> Void]
    private let state = Mutex<(next: Int, waiting: [ObjectIdentifier: Callbacks])>((0, [:]))

    /// Runs a body in a task of its own that is cancelled when the caller's task is, or when the channel's other side
    /// closes it.
    func cancelling<Result: Sendable>(
        _ channel: any Channel, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task(operation: body)
        let place = ObjectIdentifier(channel)
        let number = state.withLock { state in
            state.next += 1
            state.waiting[place, default: [:]][state.next] = { task.cancel() }
            return state.next
        }
        defer {
            state.withLock { state in
                state.waiting[place]?[number] = nil
                if state.waiting[place]?.isEmpty == true { state.waiting[place] = nil }
            }
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// What to add to each channel's pipeline.
    func handler() -> DisconnectHandler { DisconnectHandler(self) }

    fileprivate func fire(_ place: ObjectIdentifier) {
        let callbacks = state.withLock { $0.waiting.removeValue(forKey: place) } ?? [:]
        for callback in callbacks.values { callback() }
    }
}

/// Sees the end of a connection, or of a stream of HTTP/2.
final class DisconnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let disconnections: Disconnections
    private var place: ObjectIdentifier?

    init(_ disconnections: Disconnections) { self.disconnections = disconnections }

    func handlerAdded(context: ChannelHandlerContext) { place = ObjectIdentifier(context.channel) }

    func channelInactive(context: ChannelHandlerContext) {
        fire()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { fire() }
        context.fireUserInboundEventTriggered(event)
    }

    private func fire() { if let place { disconnections.fire(place) } }
}
