import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Takes a response's body into memory.
final class CollectingWriter: ResponseBodyWriter {
    let bytes = Mutex(ByteBuffer())

    func write(_ buffer: ByteBuffer) async throws {
        bytes.withLock { _ = $0.writeImmutableBuffer(buffer) }
    }

    func finish(_ trailers: HTTPFields?) async throws {}
}
