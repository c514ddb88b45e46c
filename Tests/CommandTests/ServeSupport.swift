import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A `cutis serve` of its own, on a free port of this machine.
final class RunningService {
    let process = Process()
    let folder: URL
    let port: Int
    private let outputURL: URL
    private let errorsURL: URL

    var output: String { (try? String(contentsOf: outputURL, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOf: errorsURL, encoding: .utf8)) ?? "" }
    /// The administrator's key, of a first run.
    var adminKey: String? {
        output.split(separator: "\n").first { $0.hasPrefix("admin key: ") }.map { String($0.dropFirst(11)) }
    }

    /// - Parameters:
    ///   - folder: for what is printed.
    ///   - data: the data folder; `data` in that folder unless told.
    init(_ folder: URL, data: URL? = nil, _ more: [String] = [], environment: [String: String] = [:]) throws {
        self.folder = folder
        port = try Self.freePort()
        outputURL = folder.appendingPathComponent("out-\(UUID().uuidString)")
        errorsURL = folder.appendingPathComponent("err-\(UUID().uuidString)")
        for url in [outputURL, errorsURL] { try Data().write(to: url) }
        process.executableURL = CommandLineTool.binary
        process.arguments =
            ["serve", "--data", (data ?? folder.appendingPathComponent("data")).path, "--port", "\(port)"] + more
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: outputURL)
        process.standardError = try FileHandle(forWritingTo: errorsURL)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Waits until the service is ready.
    func waitUntilReady(limit: Double = 60) throws {
        let deadline = ContinuousClock.now + .seconds(limit)
        while ContinuousClock.now < deadline, process.isRunning {
            if (try? get("/health/ready"))?.status == 200 { return }
            usleep(50_000)
        }
        Issue.record("the service does not get ready: \(output)\(errors)")
        throw CancellationError()
    }

    /// Ends the service as a service manager does.
    ///
    /// - Returns: its exit status.
    func stop(limit: Double = 40) -> Int32 {
        process.terminate()
        let deadline = ContinuousClock.now + .seconds(limit)
        while process.isRunning, ContinuousClock.now < deadline { usleep(20_000) }
        guard !process.isRunning else {
            Issue.record("the service does not end")
            return -1
        }
        return process.terminationStatus
    }

    struct Answer {
        let status: Int
        /// The media type, without parameters.
        let type: String?
        let body: Data
        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
        }
    }

    func get(_ path: String, key: String? = nil) throws -> Answer {
        try send("GET", path, key: key)
    }

    func post(_ path: String, json: [String: Any], key: String? = nil) throws -> Answer {
        try send("POST", path, body: JSONSerialization.data(withJSONObject: json), type: "application/json", key: key)
    }

    func post(_ path: String, _ body: Data, type: String, key: String? = nil) throws -> Answer {
        try send("POST", path, body: body, type: type, key: key)
    }

    private func send(
        _ method: String, _ path: String, body: Data? = nil, type: String? = nil, key: String? = nil
    ) throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        request.httpMethod = method
        request.httpBody = body
        request.timeoutInterval = 60
        if let type { request.setValue(type, forHTTPHeaderField: "Content-Type") }
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        let group = DispatchGroup()
        nonisolated(unsafe) var answer: Result<Answer, any Error> = .failure(CancellationError())
        group.enter()
        URLSession.shared.dataTask(with: request) { data, response, error in
            if let response = response as? HTTPURLResponse {
                answer = .success(
                    Answer(status: response.statusCode, type: response.mimeType, body: data ?? Data()))
            } else if let error {
                answer = .failure(error)
            }
            group.leave()
        }.resume()
        group.wait()
        return try answer.get()
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        try #require(status == 0)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
