public import CutisCore
public import Foundation

extension DatasetManifest {
    /// The largest manifest that is read.
    static let maximumBytes = 1 << 30

    /// Writes the manifest as JSON, one sample a line, whole or not at all.
    ///
    /// - Throws: what `AtomicOutput.file` throws.
    public func write(to url: URL) throws {
        let lines = entries.map { Self.json($0).text(pretty: false) }
        let counts = SplitName.allCases.reduce(OrderedJSON.object([])) { json, split in
            splitCounts[split].map { json.appending([split.rawValue: .integer($0)]) } ?? json
        }
        let bytes = entries.reduce(0) { $0 + $1.images.reduce(0) { $0 + $1.size } }
        let head = OrderedJSON.object([
            "format": .integer(Self.format), "hash": .string(hash), "parent": .optional(parent),
            "dvc": .optional(dvc), "samples": .integer(entries.count),
            "images": .integer(entries.reduce(0) { $0 + $1.images.count }), "bytes": .integer(bytes),
            "splits": counts, "classes": classCounts,
        ]).text(pretty: false).dropLast()
        let text = "\(head),\n\"labels\":\(OrderedJSON.array(labels.map { .string($0) }).text(pretty: false)),"
        try AtomicOutput.file(url, Data((text + "\n\"entries\":[\n" + lines.joined(separator: ",\n") + "\n]}\n").utf8))
    }

    /// Reads a manifest.
    ///
    /// - Throws: `.fileNotFound`; `.dataInvalid` for what is no manifest, names a sample twice, or does not have the
    ///   hash that it claims.
    public init(_ url: URL) throws(CutisError) {
        let size = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? nil
        guard let size else {
            throw CutisError(.fileNotFound, "There is no manifest at \(url.path).", remedy: "Check the path.")
        }
        guard size <= Self.maximumBytes, let data = try? Data(contentsOf: url),
            let stored = try? JSONDecoder().decode(Stored.self, from: data)
        else { throw Self.invalid(url, "it is not a manifest of `cutis data manifest`") }
        guard stored.format == Self.format else { throw Self.invalid(url, "its format is \(stored.format), not 1") }
        var names: Set<String> = []
        for entry in stored.entries {
            guard names.insert(entry.id).inserted else { throw Self.invalid(url, "it names a sample twice") }
        }
        let entries = stored.entries.map {
            Entry(
                id: $0.id, images: $0.images, labels: $0.labels, split: $0.split, patientID: $0.patient_id,
                lesionID: $0.lesion_id)
        }
        self.init(labels: stored.labels, entries: entries, parent: stored.parent, dvc: stored.dvc)
        guard hash == stored.hash else {
            throw Self.invalid(url, "its entries do not have the hash that it claims; it was changed by hand")
        }
    }

    func contentJSON(_ entries: [OrderedJSON]) -> OrderedJSON {
        .object([
            "format": .integer(Self.format), "labels": .array(labels.map { .string($0) }), "entries": .array(entries),
        ])
    }

    static func json(_ entry: Entry) -> OrderedJSON {
        let images = entry.images.map { image in
            OrderedJSON.object([
                "path": .string(image.path), "sha256": .string(image.sha256), "size": .integer(image.size),
            ])
        }
        var json = OrderedJSON.object([
            "id": .string(entry.id), "images": .array(images), "labels": .array(entry.labels.map { .string($0) }),
        ])
        if let split = entry.split { json = json.appending(["split": .string(split.rawValue)]) }
        if let patient = entry.patientID { json = json.appending(["patient_id": .string(patient)]) }
        if let lesion = entry.lesionID { json = json.appending(["lesion_id": .string(lesion)]) }
        return json
    }

    private var classCounts: OrderedJSON {
        var counts: [String: Int] = [:]
        for label in entries.lazy.flatMap(\.labels) { counts[label, default: 0] += 1 }
        return labels.reduce(.object([])) { $0.appending([$1: .integer(counts[$1] ?? 0)]) }
    }

    private struct Stored: Decodable {
        // The file's own spelling.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        struct Sample: Decodable {
            var id: String
            var images: [Image]
            var labels: [String]
            var split: SplitName?
            var patient_id: String?
            var lesion_id: String?
        }

        var format: Int
        var hash: String
        var parent: String?
        var dvc: String?
        var labels: [String]
        var entries: [Sample]
    }

    private static func invalid(_ url: URL, _ reason: String) -> CutisError {
        CutisError(
            .dataInvalid, "\(url.path) cannot be used: \(reason).",
            remedy: "Make it again with `cutis data manifest`.")
    }
}
