package import CutisCore
package import Foundation
import Mustache

/// The texts of the pages in one language, by keys such as `upload.title` (Resources/Messages).
package struct MessageCatalogue: Sendable {
    /// The language's tag, such as `en`.
    package let language: String
    /// All texts by their whole keys.
    package let texts: [String: String]
    private let groups: Set<String>

    /// Reads a catalogue: objects of objects of texts.
    ///
    /// - Parameter fallback: gives the texts that this language does not have yet.
    /// - Throws: `CutisError` with `.configInvalid` where the JSON is broken or holds anything else.
    package init(language: String, json: Data, fallback: MessageCatalogue? = nil) throws(CutisError) {
        let root: [String: MessageNode]
        do {
            root = try JSONDecoder().decode([String: MessageNode].self, from: json)
        } catch {
            throw CutisError(
                .configInvalid, "The texts of the pages in the language \(language) cannot be read: \(error).",
                remedy: "Install Cutis again; Messages/\(language).json has to hold objects of texts.")
        }
        var texts = fallback?.texts ?? [:]
        for (key, node) in root { node.collect(key, into: &texts) }
        self.language = language
        self.texts = texts
        groups = Set(
            texts.keys.flatMap { key in
                let parts = key.split(separator: ".")
                return (1..<max(parts.count, 1)).map { parts.prefix($0).joined(separator: ".") }
            })
    }

    /// A text, with `{name}` replaced by the value of that name.
    func text(_ key: String, _ values: KeyValuePairs<String, String> = [:]) -> String {
        guard let template = texts[key] else { return key }
        // One pass: a value that holds braces is not read again.
        return template.replacing(#/\{([a-z]+)\}/#) { match in
            values.first { $0.key == match.output.1 }?.value ?? String(match.output.0)
        }
    }

    /// The text of one of several things of a kind, such as a role; the thing itself where there is no text for it.
    func choice(_ group: String, _ name: String) -> String {
        texts["\(group).\(name)"] ?? name
    }

    /// The group of texts under a key, for templates.
    fileprivate func node(_ key: String) -> Any? {
        if let text = texts[key] { return text }
        return groups.contains(key) ? MessageGroup(catalogue: self, prefix: key + ".") : nil
    }

    /// All texts, for templates: `{{m.upload.title}}`.
    var root: MessageGroup { MessageGroup(catalogue: self, prefix: "") }
}

/// Texts under a common prefix, as templates reach them.
struct MessageGroup: MustacheParent, Sendable {
    fileprivate let catalogue: MessageCatalogue
    fileprivate let prefix: String

    func child(named name: String) -> Any? { catalogue.node(prefix + name) }
}

/// A part of a catalogue's file.
private enum MessageNode: Decodable {
    case text(String)
    case group([String: MessageNode])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .group(try container.decode([String: MessageNode].self))
        }
    }

    func collect(_ key: String, into texts: inout [String: String]) {
        switch self {
        case .text(let text): texts[key] = text
        case .group(let nodes): for (name, node) in nodes { node.collect("\(key).\(name)", into: &texts) }
        }
    }
}
