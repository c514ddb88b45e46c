/// A key of the service's configuration: what `docs/service.md` lists.
struct SettingKey: Sendable, Hashable {
    /// The sections and the key, such as `http.port`.
    let name: String
    /// Whether its value is secret: it comes from the environment or from a file of its own, never from the
    /// configuration file or the command line, which other people can read.
    let isSecret: Bool

    /// The environment variable, such as `CUTIS_HTTP_PORT`.
    var variable: String {
        "CUTIS_" + name.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    /// Every key that there is.
    static let all: [SettingKey] =
        plain.map { SettingKey(name: $0, isSecret: false) }
        + secrets.map { SettingKey(name: $0, isSecret: true) }
        // A secret may be in a file of its own, which the configuration may name.
        + secrets.map { SettingKey(name: $0 + "_file", isSecret: false) } + quality

    private static let plain = [
        "http.host", "http.port", "http.insecure", "http.public_origin", "http.public_metrics", "http.connections",
        "http.body_bytes", "http.image_bytes", "http.visit_images", "http.idle_seconds", "http.body_seconds",
        "http.request_seconds", "http.drain_seconds", "tls.certificate", "tls.key", "data.folder",
        "data.minimum_free_mb",
        "data.tolerates_missing_images", "database.connections", "s3.endpoint", "s3.region", "s3.bucket", "s3.prefix",
        "s3.plain_http", "models.bundles", "models.folder", "models.device", "models.precision", "models.replicas",
        "models.threads", "models.memory_mb", "models.batch_rows", "models.queue_rows", "models.batch_delay_ms",
        "models.decode_threads", "limits.rate", "limits.burst", "limits.concurrency", "retention.analysis_days",
        "retention.idempotency_hours", "review.uncertain_margin", "recommendations.file", "audit.heads_folder",
        "tokens.issuer", "tokens.audience", "tokens.algorithms", "tokens.keys_address", "tokens.keys_file",
        "tokens.keys_authority", "tokens.role_claim", "tokens.clinic_claim", "tokens.leeway_seconds", "log.level",
    ]

    private static let secrets = [
        "database.url", "s3.access_key", "s3.secret_key", "secrets.installation", "secrets.image_keys",
    ]

    private static let quality =
        ["framing"].map { SettingKey(name: "quality.\($0)", isSecret: false) }
        + ["sharpness", "brightness", "overexposed", "contrast", "resolution", "skin", "roughness"].flatMap { measure in
            ["warning", "refusal"].map { SettingKey(name: "quality.\(measure).\($0)", isSecret: false) }
        }

    static let names: Set<String> = Set(all.map(\.name))
}
