import Foundation
import Testing

/// Flags before environment before file before defaults; what is wrong is named.
@Suite struct ServeConfigurationTests {
    private static func check(
        _ yaml: String?, _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) throws -> CommandLineTool.Outcome {
        try CommandLineTool.withFolder { folder in
            var more = arguments
            if let yaml {
                let file = folder.appendingPathComponent("cutis.yaml")
                try Data(yaml.utf8).write(to: file)
                more += ["--config", file.path]
            }
            return try CommandLineTool.run(["serve", "--check"] + more, environment: environment)
        }
    }

    @Test func nothingIsNeeded() throws {
        let outcome = try Self.check(nil)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("http://127.0.0.1:8080/"))
        #expect(outcome.output.contains("cutis.sqlite"))
    }

    @Test func theExampleIsValid() throws {
        let example = CommandLineTool.root.appendingPathComponent("deploy/cutis.yaml")
        let outcome = try CommandLineTool.run(["serve", "--check", "--config", example.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func flagsComeBeforeEnvironmentBeforeFile() throws {
        let yaml = "http:\n  port: 1111\n"
        #expect(try Self.check(yaml).output.contains(":1111/"))
        let environment = ["CUTIS_HTTP_PORT": "2222"]
        #expect(try Self.check(yaml, [], environment).output.contains(":2222/"))
        #expect(try Self.check(yaml, ["--set", "http.port=3333"], environment).output.contains(":3333/"))
        #expect(
            try Self.check(yaml, ["--set", "http.port=3333", "--port", "4444"], environment).output.contains(":4444/"))
    }

    @Test(arguments: [
        ("http:\n  prot: 1\n", ["http.prot", "http.port"]), ("htpp:\n  port: 1\n", ["htpp.port"]),
        ("http:\n  port: many\n", ["http.port", "many"]), ("http:\n  port: 70000\n", ["http.port", "65535"]),
        ("http: [1]\n", ["http"]), ("just text\n", ["section"]),
        ("database:\n  url: postgres://a:b@c/d\n", ["secret", "url_file"]),
        ("tls:\n  certificate: a.pem\n", ["tls.key"]), ("models:\n  precision: fp8\n", ["models.precision", "bf16"]),
        ("http:\n  public_metrics: maybe\n", ["http.public_metrics"]),
        ("quality:\n  sharpness:\n    refuse: 1\n", ["quality.sharpness.refuse"]),
        ("tokens:\n  issuer: https://a\n", ["tokens.audience"]), ("http:\n  host: 0.0.0.0\n", ["TLS", "insecure"]),
    ])
    func wrongFilesAreRefused(_ yaml: String, _ words: [String]) throws {
        let outcome = try Self.check(yaml)
        #expect(outcome.status == 3, "\(yaml): \(outcome.output)\(outcome.errors)")
        for word in words { #expect(outcome.errors.contains(word), "\(word) in: \(outcome.errors)") }
    }

    @Test func unknownVariablesAreRefused() throws {
        let outcome = try Self.check(nil, [], ["CUTIS_HTTP_PROT": "1"])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("CUTIS_HTTP_PROT") && outcome.errors.contains("CUTIS_HTTP_PORT"))
        // What Kubernetes makes of a service's name is no setting.
        let kubernetes = ["CUTIS_SERVICE_HOST": "10.0.0.1", "CUTIS_PORT": "tcp://10.0.0.1:80"]
        #expect(try Self.check(nil, [], kubernetes).status == 0)
    }

    @Test func secretsComeFromFiles() throws {
        try CommandLineTool.withFolder { folder in
            let secret = folder.appendingPathComponent("url")
            try Data("postgresql://user:hidden-word@localhost/cutis\n".utf8).write(to: secret)
            let outcome = try Self.check("database:\n  url_file: \(secret.path)\n")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("PostgreSQL") && !outcome.output.contains("hidden-word"))
            let flag = try Self.check(nil, ["--set", "database.url=postgresql://user:hidden-word@localhost/cutis"])
            #expect(flag.status == 3 && !flag.errors.contains("hidden-word"), "\(flag.errors)")
            #expect(try Self.check(nil, [], ["CUTIS_DATABASE_URL_FILE": "/nowhere"]).status == 3)
        }
    }

    @Test func networksNeedTLSOrAWord() throws {
        #expect(try Self.check(nil, ["--host", "0.0.0.0", "--insecure"]).status == 0)
        #expect(try Self.check(nil, ["--host", "127.0.0.1"]).status == 0)
        #expect(try Self.check(nil, ["--host", "192.0.2.1"]).status == 3)
    }
}
