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
        (
            "quality:\n  sharpness:\n    refusal: 12\n",
            ["quality.sharpness.refusal", "12", "quality.sharpness.warning"]
        ),
        (
            "quality:\n  overexposed:\n    warning: 0.5\n",
            ["quality.overexposed.refusal", "quality.overexposed.warning"]
        ),
        ("quality:\n  sharpness:\n    refuse: 1\n", ["quality.sharpness.refuse"]),
        ("tokens:\n  issuer: https://a\n", ["tokens.audience"]), ("http:\n  host: 0.0.0.0\n", ["TLS", "insecure"]),
        ("tokens:\n  audience: a\n", ["tokens.issuer"]), ("s3:\n  bucket: images\n", ["s3.endpoint"]),
        (tokens("keys_file: /nowhere/keys.json"), ["/nowhere/keys.json", "cannot be read"]),
        (tokens("keys_address: http://id.example.org/keys"), ["tokens.keys_address", "https"]),
        (tokens("keys_address: https://id.example.org/keys\n  keys_file: a"), ["both"]),
        ("log:\n  level: loud\n", ["log.level", "loud", "debug"]),
        ("http:\n  public_origin: cutis.example.org\n", ["http.public_origin", "https://"]),
        ("http:\n  public_origin: https://example.org/cutis\n", ["http.public_origin"]),
        ("models:\n  folder: /nowhere\n", ["models.folder", "/nowhere"]),
        ("models:\n  replicas: 8\n  threads: 1024\n", ["8192 cores"]),
        ("recommendations:\n  file: /nowhere\n", ["recommendations.file", "/nowhere"]),
        ("tls:\n  certificate: /dev/null\n  key: /dev/null\n", ["/dev/null", "PEM"]),
    ])
    func wrongFilesAreRefused(_ yaml: String, _ words: [String]) throws {
        let outcome = try Self.check(yaml)
        #expect(outcome.status == 3, "\(yaml): \(outcome.output)\(outcome.errors)")
        for word in words { #expect(outcome.errors.contains(word), "\(word) in: \(outcome.errors)") }
    }

    private static func tokens(_ line: String) -> String {
        "tokens:\n  issuer: https://id.example.org\n  audience: cutis\n  \(line)\n"
    }

    /// A secret of the wrong form is named, and never shown.
    @Test(arguments: [
        ("CUTIS_DATABASE_URL", "mysql://user:hidden-word@localhost/cutis", "postgresql://"),
        ("CUTIS_SECRETS_INSTALLATION", "hidden-word", "secrets.installation"),
        ("CUTIS_SECRETS_IMAGE_KEYS", "hidden-word", "secrets.image_keys"),
    ])
    func wrongSecretsAreRefused(_ variable: String, _ value: String, _ word: String) throws {
        let outcome = try Self.check(nil, [], [variable: value])
        #expect(outcome.status == 3 && outcome.errors.contains(word), "\(outcome.output)\(outcome.errors)")
        #expect(!outcome.errors.contains("hidden-word"), "\(outcome.errors)")
    }

    @Test func keySetsNeedAKeyThatCanBeUsed() throws {
        let elliptic =
            #"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
            + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#
        for (text, algorithm, isRight) in [
            ("nonsense", "ES256", false), (#"{"keys":[]}"#, "ES256", false), (elliptic, "RS256", false),
            (elliptic, "ES256", true),
        ] {
            try CommandLineTool.withFolder { folder in
                let file = folder.appendingPathComponent("keys.json")
                try Data(text.utf8).write(to: file)
                let outcome = try Self.check(Self.tokens("keys_file: \(file.path)\n  algorithms: \(algorithm)"))
                #expect(outcome.status == (isRight ? 0 : 3), "\(text): \(outcome.output)\(outcome.errors)")
                #expect(isRight || outcome.errors.contains(file.path), "\(outcome.errors)")
            }
        }
    }

    /// Browsers send it without a slash, in small letters and without the usual port.
    @Test func thePublicOriginIsTakenAsBrowsersSendIt() throws {
        for (written, page) in [
            ("https://cutis.example.org/", "https://cutis.example.org/"),
            ("HTTPS://Cutis.Example.org:443", "https://cutis.example.org/"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/"),
        ] {
            let outcome = try Self.check(nil, ["--set", "http.public_origin=\(written)"])
            #expect(outcome.output.contains("web page  \(page)\n"), "\(outcome.output)\(outcome.errors)")
        }
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
