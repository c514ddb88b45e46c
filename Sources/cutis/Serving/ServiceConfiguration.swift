import CutisCore
import CutisImaging
import CutisInference
import CutisServer
import CutisService
import CutisStorage
import Foundation
import Logging

/// Everything that decides how the service runs.
struct ServiceConfiguration: Sendable {
    /// The folder of the database, the images and the keys.
    var folder: URL
    /// Bytes that must be free on the folder's disk.
    var minimumFree = 256 << 20
    /// Whether the service starts although images that the database refers to are missing.
    var toleratesMissingImages = false
    /// PostgreSQL's address; nil for SQLite in the folder.
    var databaseURL: String?
    var databaseConnections = 8
    /// The S3-compatible store of the images; nil for files in the folder.
    var images: S3Configuration?
    /// The installation's secret as text; nil for the folder's file.
    var installationSecret: String?
    /// The keys of the images as text; nil for the folder's file.
    var imageKeys: String?
    /// The bundles to load; the first of each task is its default.
    var bundles: [URL]
    var loading = LoadOptions()
    var limits = ModelLimits(memoryBytes: 4 << 30, preparation: PreparationLimits(threads: 2))
    var clients = ClientLimits()
    var quality = QualityLimits()
    var retention = RetentionPolicy()
    var review = ReviewPolicy()
    /// The installation's own recommendation rules; nil for those of the bundles.
    var recommendations: URL?
    /// Where signed ends of the audit trail are put; nil for a folder within the data folder.
    var auditHeads: URL?
    var server = ServerConfiguration()
    var logLevel = Logger.Level.info

    /// The file of the database, for SQLite.
    var databaseFile: URL { folder.appendingPathComponent("cutis.sqlite") }
    /// The folder of the sealed images, for files.
    var imageFolder: URL { folder.appendingPathComponent("images") }
    /// The folder of the keys, which is not a part of backups.
    var keyFolder: URL { folder.appendingPathComponent("keys") }

    /// How many bytes an image may have, and how many pixels.
    var decodeLimits: DecodeLimits { DecodeLimits(maximumBytes: server.limits.imageBytes) }

    /// What loads bundles as configured.
    ///
    /// - Parameter rules: `recommendationRules`, where models are to be loaded.
    func loader(rules: Recommendations? = nil) -> BundleLoader {
        BundleLoader(options: loading, check: ImageQualityCheck(limits: quality), limits: decodeLimits, rules: rules)
    }

    /// Reads the settings of `docs/service.md`.
    ///
    /// - Throws: `CutisError` with `.configInvalid` that names the key and where its value comes from.
    init(_ sources: SettingSources, needsModels: Bool = true) throws(CutisError) {
        let reader = SettingReader(sources: sources)
        folder = try reader.path("data.folder") ?? Self.defaultFolder
        bundles = []
        try readStorage(reader)
        if needsModels { try readModels(reader) }
        try readServer(reader)
        try readPolicies(reader)
        try checkExposure(reader)
    }

    /// `cutis-data` in the current folder, unless a service manager names a place (`STATE_DIRECTORY`, systemd.exec).
    private static var defaultFolder: URL {
        let state = ProcessInfo.processInfo.environment["STATE_DIRECTORY"]?.split(separator: ":").first
        return URL(fileURLWithPath: state.map(String.init) ?? "cutis-data")
    }

    private mutating func readStorage(_ reader: SettingReader) throws(CutisError) {
        if let free = try reader.integer("data.minimum_free_mb", in: 0...1_000_000) { minimumFree = free << 20 }
        toleratesMissingImages = try reader.flag("data.tolerates_missing_images") ?? false
        databaseURL = try reader.text("database.url")
        databaseConnections = try reader.integer("database.connections", in: 2...1000) ?? databaseConnections
        installationSecret = try reader.text("secrets.installation")
        imageKeys = try reader.text("secrets.image_keys")
        guard let endpoint = try reader.text("s3.endpoint") else {
            // Images must not go into files because a line is missing.
            return try refuse(["s3.bucket", "s3.region", "s3.prefix"], without: "s3.endpoint", reader)
        }
        guard let bucket = try reader.text("s3.bucket"), let id = try reader.text("s3.access_key"),
            let secret = try reader.text("s3.secret_key")
        else {
            throw CutisError(
                .configInvalid, "`s3.endpoint` is set, but not `s3.bucket`, `s3.access_key` and `s3.secret_key`.",
                remedy: "Set all of them, or none to keep the images in files.")
        }
        images = try S3Configuration(
            endpoint: endpoint, region: reader.text("s3.region") ?? "us-east-1", bucket: bucket,
            prefix: reader.text("s3.prefix") ?? "", credentials: S3Credentials(accessKeyID: id, secret: secret),
            allowsPlainHTTP: reader.flag("s3.plain_http") ?? false)
    }

    /// Refuses keys that mean nothing without another one.
    func refuse(_ names: [String], without needed: String, _ reader: SettingReader) throws(CutisError) {
        for name in names where try reader.text(name) != nil {
            throw CutisError(
                .configInvalid, "`\(name)` is set, but not `\(needed)`.", remedy: "Set both, or none of them.")
        }
    }

    private mutating func readModels(_ reader: SettingReader) throws(CutisError) {
        if let paths = try reader.texts("models.bundles"), !paths.isEmpty {
            bundles = paths.map { URL(fileURLWithPath: NSString(string: $0).expandingTildeInPath) }
        } else {
            bundles = [try InstalledFiles.defaultModel()]
        }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        loading.device = try reader.choice("models.device", DeviceChoice.self) ?? .auto
        loading.precision = try reader.choice("models.precision", Precision.self)
        loading.threads = try reader.integer("models.threads", in: 1...1024)
        limits.replicas = try reader.integer("models.replicas", in: 1...256) ?? defaultReplicas(cores)
        if let memory = try reader.integer("models.memory_mb", in: 16...10_000_000) {
            limits.memoryBytes = memory << 20
        }
        limits.queue = QueueLimits(
            maximumBatchRows: try reader.integer("models.batch_rows", in: 1...512) ?? 8,
            maximumQueuedRows: try reader.integer("models.queue_rows", in: 1...1_000_000) ?? 256,
            maximumDelay: .milliseconds(try reader.number("models.batch_delay_ms", in: 0...10_000) ?? 0))
        limits.preparation = PreparationLimits(
            threads: try reader.integer("models.decode_threads", in: 1...1024) ?? max(cores, 2))
        server.bundles = try reader.path("models.folder")
    }

    /// One replica of one thread for each core where all models are small, otherwise one replica with all cores.
    ///
    /// Small models do not keep several cores busy: of the shipped classifier, two replicas of one thread answer 1.4
    /// times (batch 1) to 1.8 times (batch 8) as many images as one of two threads. Large ones do, and their memory
    /// and the time of a single answer count.
    private func defaultReplicas(_ cores: Int) -> Int {
        guard loading.threads == nil else { return 1 }
        let loader = loader()
        let isSmall = bundles.allSatisfy { ((try? loader.memoryEstimate($0)) ?? .max) <= 256 << 20 }
        return isSmall ? min(cores, 4) : 1
    }

    private mutating func readPolicies(_ reader: SettingReader) throws(CutisError) {
        clients = ClientLimits(
            rate: try reader.number("limits.rate", in: 0.001...1_000_000) ?? clients.rate,
            burst: try reader.number("limits.burst", in: 1...1_000_000) ?? clients.burst,
            concurrency: try reader.integer("limits.concurrency", in: 1...1_000_000) ?? clients.concurrency)
        if let days = try reader.number("retention.analysis_days", in: 0.01...36_500) {
            retention.analysisMilliseconds = Int64(days * 86_400_000)
        }
        if let hours = try reader.number("retention.idempotency_hours", in: 0.1...8760) {
            retention.idempotencyMilliseconds = Int64(hours * 3_600_000)
        }
        review.uncertainMargin = try reader.number("review.uncertain_margin", in: 0...1) ?? review.uncertainMargin
        recommendations = try reader.path("recommendations.file")
        auditHeads = try reader.path("audit.heads_folder")
        quality.framing = try reader.flag("quality.framing") ?? true
        try readBound("sharpness", \.sharpness, reader)
        try readBound("brightness", \.brightness, reader)
        try readBound("overexposed", \.overexposed, isLargest: true, reader)
        try readBound("contrast", \.contrast, reader)
        try readBound("resolution", \.resolution, reader)
        try readBound("skin", \.skin, reader)
        try readBound("roughness", \.roughness, isLargest: true, reader)
    }

    /// A limit of the quality check; `none` never warns, or never refuses.
    ///
    /// - Parameter isLargest: whether larger measures are worse.
    private mutating func readBound(
        _ name: String, _ path: WritableKeyPath<QualityLimits, QualityLimits.Bound>, isLargest: Bool = false,
        _ reader: SettingReader
    ) throws(CutisError) {
        for (part, limit) in [("warning", \QualityLimits.Bound.warning), ("refusal", \QualityLimits.Bound.refusal)] {
            let key = "quality.\(name).\(part)"
            guard let text = try reader.text(key) else { continue }
            quality[keyPath: path.appending(path: limit)] =
                text == "none" ? nil : try reader.number(key, in: 0...1_000_000)
        }
        let bound = quality[keyPath: path]
        guard let warning = bound.warning, let refusal = bound.refusal else { return }
        guard isLargest ? refusal >= warning : refusal <= warning else {
            throw CutisError(
                .configInvalid,
                "`quality.\(name).refusal` is \(refusal) and `quality.\(name).warning` \(warning): what should get a warning "
                    + "would be refused.",
                remedy: "Give a warning that comes before the refusal, or `none`.")
        }
    }
}
