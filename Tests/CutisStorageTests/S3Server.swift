import CutisCore
import CutisStorage
import Foundation
import Testing

/// An S3-compatible store for the tests: moto (from PyPI), on 127.0.0.1, until the tests end. Signatures are checked by
/// AWS's examples instead: moto's own check refuses what botocore signs where a query holds a slash.
final class S3Server: Sendable {
    static let isAvailable: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import moto.server, boto3"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    static let absence: Comment = "python3 has no moto.server (pip install 'moto[server]')"

    static let shared = Task { try await BlockingWork.run { try S3Server() } }

    private let shell: Shell
    private let endpoint: String

    private init() throws {
        shell = try Shell("/usr/bin/env", ["python3", "-u", "-c", Self.script])
        endpoint = shell.greeting
    }

    /// Runs a body with a new bucket's configuration.
    func withBucket(_ body: (S3Configuration) async throws -> Void) async throws {
        let name = "test-" + UUID().uuidString.lowercased()
        let shell = shell
        try await BlockingWork.run { _ = try shell.tell("bucket \(name)") }
        try await body(try configuration(name))
    }

    /// A configuration for a bucket that need not exist.
    func configuration(_ bucket: String, endpoint: String? = nil) throws -> S3Configuration {
        var configuration = try S3Configuration(
            endpoint: endpoint ?? self.endpoint, bucket: bucket, prefix: "cutis/",
            credentials: S3Credentials(accessKeyID: "AKIAIOSFODNN7EXAMPLE", secret: "secret"))
        configuration.pause = .milliseconds(20)
        return configuration
    }

    /// Sends a line to the server's shell: `versions BUCKET`, or `faults N` for so many failures of its proxy.
    func tell(_ line: String) async throws -> String {
        let shell = shell
        return try await BlockingWork.run { try shell.tell(line) }
    }

    private static let script = #"""
        import sys, threading, logging, urllib.request, urllib.error
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        logging.getLogger("werkzeug").disabled = True
        from moto.server import ThreadedMotoServer
        import boto3
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        common = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        s3 = boto3.client("s3", **common)
        faults = 0
        class Proxy(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *a): pass
            def answer(self):
                global faults
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if faults > 0:
                    faults -= 1
                    if faults % 2:
                        self.close_connection = True
                        self.connection.close()
                        return
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                r = urllib.request.Request(url + self.path, data=body or None, method=self.command)
                for k, v in self.headers.items(): r.add_unredirected_header(k, v)
                try: a = urllib.request.urlopen(r)
                except urllib.error.HTTPError as e: a = e
                data = a.read()
                self.send_response(a.status)
                self.send_header("Content-Length", a.headers.get("Content-Length") if self.command == "HEAD" else str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            do_GET = do_PUT = do_HEAD = do_DELETE = answer
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        print(url, flush=True)
        for line in sys.stdin:
            word, name = line.split()
            if word == "bucket": s3.create_bucket(Bucket=name)
            if word == "versions":
                s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            if word == "faults": faults = int(name)
            print(f"http://127.0.0.1:{proxy.server_port}", flush=True)
        """#
}
