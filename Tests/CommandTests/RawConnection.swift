import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A TCP connection to a service on this machine that sends what it is told, when it is told.
final class RawConnection {
    private let descriptor: Int32

    /// Nil where nobody listens.
    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // A service that never answers fails the test, after minutes.
        var limit = timeval(tv_sec: 300, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard status == 0 else { return nil }
    }

    deinit { close(descriptor) }

    func send(_ data: Data) throws {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0, "the connection is broken: \(String(cString: strerror(errno)))")
            rest = rest.dropFirst(count)
        }
    }

    /// What comes until a text is there, or until the other side ends.
    func receive(until mark: String? = nil) -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while mark.map({ data.range(of: Data($0.utf8)) == nil }) ?? true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            data += buffer.prefix(count)
        }
        return data
    }
}
