import CutisCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Counts the bytes of all bodies that are held at the same time, and gives slow senders up.
final class BodyGate: Sendable {
    private let held = Mutex(0)
    let limit: Int
    let timeout: Duration

    init(limit: Int, timeout: Duration) {
        self.limit = limit
        self.timeout = timeout
    }

    fileprivate func take(_ count: Int) -> Bool {
        held.withLock { held in
            guard held + count <= limit else { return false }
            held += count
            return true
        }
    }

    fileprivate func giveBack(_ count: Int) { held.withLock { $0 -= count } }

    /// How many bytes are held now.
    package var heldBytes: Int { held.withLock { $0 } }
}

/// What one request holds of the gate, given back when the request is forgotten.
final class BodyLease: Sendable {
    private let gate: BodyGate
    private let count = Mutex(0)
    private let wasRead = Mutex(false)

    init(_ gate: BodyGate) { self.gate = gate }

    deinit { gate.giveBack(count.withLock { $0 }) }

    /// The whole body, as far as it keeps the limits.
    ///
    /// Memory grows with what has arrived, never with what a header announces. A body that was read before, and put
    /// back into the request, is not counted again.
    ///
    /// - Throws: `Problem` with `.bodyTooLarge`, `.mediaTypeUnsupported` for a compressed body, `.overloaded` where
    ///   the bodies of all requests together are too large, `.requestTimeout` where it takes too long.
    func collect(_ request: Request, limit: Int) async throws -> ByteBuffer {
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
            throw Problem(
                CutisError(
                    .mediaTypeUnsupported, "Compressed bodies are not read.",
                    remedy: "Send the body without Content-Encoding: images are compressed already."),
                headers: [.acceptEncoding: "identity"])
        }
        if let text = request.headers[.contentLength], let length = Int(text), length > limit {
            throw Problem(Problem.bodyTooLarge(limit: limit))
        }
        guard !wasRead.withLock({ $0 }) else { return try await request.body.collect(upTo: limit) }
        wasRead.withLock { $0 = true }
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask { try await self.read(request.body, limit: limit) }
            group.addTask { [timeout = gate.timeout] in
                try await Task.sleep(for: timeout)
                throw Problem(
                    CutisError(
                        .requestTimeout, "The body did not arrive within \(timeout.components.seconds) s.",
                        remedy: "Send it again over a faster connection, or send smaller images."))
            }
            defer { group.cancelAll() }
            guard let buffer = try await group.next() else { throw CancellationError() }
            return buffer
        }
    }

    private func read(_ body: RequestBody, limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        for try await var piece in body {
            let bytes = piece.readableBytes
            guard whole.readableBytes + bytes <= limit else { throw Problem(Problem.bodyTooLarge(limit: limit)) }
            guard gate.take(bytes) else {
                throw Problem(
                    CutisError(
                        .overloaded, "Too many large requests arrive at the same time.",
                        remedy: "Send it again in a moment."))
            }
            count.withLock { $0 += bytes }
            if whole.readableBytes == 0 { whole = piece } else { whole.writeBuffer(&piece) }
        }
        try Task.checkCancellation()
        return whole
    }
}

extension Request {
    /// The body's media type in lower case, without parameters.
    var mediaType: String {
        guard let text = headers[.contentType] else { return "" }
        return text.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    }
}
