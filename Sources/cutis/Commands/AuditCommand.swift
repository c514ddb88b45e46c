import ArgumentParser
import CutisCore
import CutisService
import CutisStorage
import Foundation

/// `cutis audit`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check or export the audit trail of a service.",
        subcommands: [Verify.self, Export.self])

    /// `cutis audit verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Find any entry that was edited, deleted, moved or cut off.",
            discussion: """
                EXAMPLES
                  cutis audit verify --data /var/lib/cutis
                  cutis audit verify --head yesterday.json
                  cutis audit verify --file export.jsonl

                A head that was kept apart (`cutis audit export` ends with one) also shows a trail that was cut off and
                signed anew. Exit code 3 where the trail is broken.
                """)

        @OptionGroup var service: ServiceOptions

        @Option(help: ArgumentHelp("A signed end that was kept apart; may be repeated.", valueName: "file"))
        var head: [String] = []

        @Option(help: ArgumentHelp("Check an export instead of a service's database.", valueName: "file"))
        var file: String?

        func run() async throws {
            let result: AuditVerification
            if let file {
                let text = try readText(file)
                result = AuditExport.verify(text.split(separator: "\n"))
            } else {
                let storage = try await ServiceStorage.open(service.configuration(), creates: false)
                let audit = try AuditService(database: storage.database, secret: storage.secret)
                let anchors = try head.map { path in
                    let text = try readText(path)
                    let last = text.split(separator: "\n").last.map(String.init) ?? ""
                    guard let head = SignedHead(last) else {
                        throw CutisError(
                            .dataInvalid, "\(path) does not end with a signed end of an audit trail.",
                            remedy: "Give a file of `cutis audit export`, or its last line.")
                    }
                    return head
                }
                result = try await audit.verify(anchors: anchors, by: .system)
                await storage.database.close()
            }
            if let fault = result.fault {
                throw CutisError(
                    .auditBroken,
                    "The audit trail is \(fault.kind.rawValue) at entry \(fault.sequence): \(fault.message)",
                    remedy: "Keep a copy of the database as it is, and compare it with the newest backup and export.")
            }
            try StandardOutput.write(
                "\(result.count) entries, all in order; the last has the hash \(result.lastHash)\n")
        }

        private func readText(_ path: String) throws(CutisError) -> String {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CutisError(.fileNotFound, "\(path) cannot be read.", remedy: "Check the path.")
            }
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// `cutis audit export`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write the whole audit trail as JSON lines, the last of them its signed end.",
            discussion: """
                EXAMPLES
                  cutis audit export --data /var/lib/cutis --output audit.jsonl
                """)

        @OptionGroup var service: ServiceOptions

        @Option(
            name: .shortAndLong,
            help: ArgumentHelp("Write to this file instead of standard output.", valueName: "file"))
        var output: String?

        func run() async throws {
            let storage = try await ServiceStorage.open(service.configuration(), creates: false)
            let audit = try AuditService(database: storage.database, secret: storage.secret)
            let pieces = try await audit.export(by: .system)
            if let output {
                var data = Data()
                for try await piece in pieces { data.append(piece) }
                try AtomicOutput.file(URL(fileURLWithPath: output), data)
            } else {
                for try await piece in pieces { try StandardOutput.write(String(decoding: piece, as: UTF8.self)) }
            }
            await storage.database.close()
        }
    }
}
