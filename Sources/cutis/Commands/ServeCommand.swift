import ArgumentParser
import CutisCore
import CutisInference
import CutisServer
import CutisService
import CutisStorage
import Foundation
import Logging

/// The options of every command that works on a service's data.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of database, images and keys; cutis-data unless told (key data.folder).", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("A configuration file (YAML).", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp("Set one key of the configuration; may be repeated.", valueName: "key=value"))
    var set: [String] = []

    @OptionGroup var quietness: QuietnessOptions

    /// The configuration by flags, then environment, then file.
    func configuration(
        flags more: [String: String?] = [:], needsModels: Bool = false
    ) throws(CutisError) -> ServiceConfiguration {
        var flags: [String: String] = [:]
        for assignment in set {
            guard let split = assignment.firstIndex(of: "=") else {
                throw CutisError(
                    .invalidArguments, "--set \(assignment) has no value.", remedy: "Write --set KEY=VALUE.")
            }
            flags[String(assignment[..<split])] = String(assignment[assignment.index(after: split)...])
        }
        flags["data.folder"] = data ?? flags["data.folder"]
        for (key, value) in more { flags[key] = value ?? flags[key] }
        let environment = ProcessInfo.processInfo.environment
        let file = (config ?? environment["CUTIS_CONFIG"]).map { URL(fileURLWithPath: $0) }
        let sources = try SettingSources(flags: flags, environment: environment, file: file)
        return try ServiceConfiguration(sources, needsModels: needsModels)
    }
}

/// `cutis serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the clinical service: web pages, API, storage and audit trail.",
        discussion: """
            EXAMPLES
              cutis serve
              cutis serve --data /var/lib/cutis --config /etc/cutis/cutis.yaml
              cutis serve --config cutis.yaml --check
              cutis serve --host 0.0.0.0 --set tls.certificate=cert.pem --set tls.key=key.pem

            Without configuration it serves the shipped model on 127.0.0.1:8080 and keeps everything in ./cutis-data.
            The first run prints the administrator's key, once. Flags come before environment variables (CUTIS_…),
            which come before the configuration file; docs/service.md lists every key.

            SIGTERM and Ctrl-C stop it: what was accepted is finished, and the exit code is 0.
            """)

    @Option(help: ArgumentHelp("The address to listen on (key http.host).", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("The port; 0 takes any free one (key http.port).", valueName: "n"))
    var port: Int?

    @Option(
        help: ArgumentHelp("A model bundle; may be repeated (key models.bundles).", valueName: "bundle"))
    var model: [String] = []

    @Flag(help: "Listen on a network without TLS, behind a proxy that does it (key http.insecure).")
    var insecure = false

    @Flag(help: "Check the configuration and the bundles, and end.")
    var check = false

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let configuration = try service.configuration(
            flags: [
                "http.host": host, "http.port": port.map { "\($0)" },
                "models.bundles": model.isEmpty ? nil : model.joined(separator: ","),
                "http.insecure": insecure ? "true" : nil,
            ], needsModels: true)
        try configuration.check()
        guard !check else { return try report(configuration) }
        try await ServiceRunner(configuration: configuration, logger: logger(configuration.logLevel)).run()
    }

    private func logger(_ level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { StreamLogHandler(label: $0, stream: LogLines()) }
        var logger = Logger(label: "cutis")
        logger.logLevel = service.quietness.quiet ? .error : level
        return logger
    }

    private func report(_ configuration: ServiceConfiguration) throws {
        for bundle in configuration.bundles { try ModelBundle(bundle).checkFiles() }
        _ = try configuration.loader().threads(replicas: configuration.limits.replicas)
        let database = configuration.databaseURL == nil ? configuration.databaseFile.path : "PostgreSQL"
        let images = configuration.images.map { "bucket \($0.bucket) at \($0.endpoint)" }
        try StandardOutput.write(
            """
            The configuration is valid.
              web page  \(configuration.address)
              data      \(configuration.folder.path)
              database  \(database)
              images    \(images ?? configuration.imageFolder.path)
              models    \(configuration.bundles.map(\.path).joined(separator: ", "))

            """)
    }
}
