import Crypto
package import CutisCore
package import Foundation
import Mustache

/// What the pages are made of: templates, texts, style sheet and scripts, read and checked once at the start.
package struct PageResources: Sendable {
    /// A file that browsers fetch and keep.
    struct Asset: Sendable {
        let bytes: Data
        let mediaType: String
    }

    let templates: MustacheLibrary
    /// The texts by language.
    package let catalogues: [String: MessageCatalogue]
    /// The language that is always there.
    package let english: MessageCatalogue
    let assets: [String: Asset]
    /// Changes when any asset does; part of their addresses, so that browsers may keep them for ever.
    let assetVersion: String

    /// Reads the folder `Resources`.
    ///
    /// - Throws: `CutisError` with `.fileNotFound` or `.configInvalid`, which names the file and the line: a template
    ///   that cannot be parsed, that includes a template that is not there, or that names a text that is not there.
    package init(folder: URL) throws(CutisError) {
        let english = try MessageCatalogue(
            language: "en", json: Self.read(folder.appendingPathComponent("Messages/en.json")))
        var catalogues = ["en": english]
        for file in try Self.files(folder.appendingPathComponent("Messages"), ending: "json") {
            let language = file.deletingPathExtension().lastPathComponent
            guard language != "en" else { continue }
            catalogues[language] = try MessageCatalogue(
                language: language, json: Self.read(file), fallback: english)
        }
        self.catalogues = catalogues
        self.english = english
        templates = try Self.templates(in: folder.appendingPathComponent("Templates"), texts: english)

        var assets: [String: Asset] = [:]
        var hash = SHA256()
        for file in try Self.files(folder.appendingPathComponent("Assets"), ending: nil) {
            guard let type = Self.mediaTypes[file.pathExtension] else { continue }
            let bytes = try Self.read(file)
            assets[file.lastPathComponent] = Asset(bytes: bytes, mediaType: type)
            hash.update(data: Data(file.lastPathComponent.utf8) + bytes)
        }
        self.assets = assets
        assetVersion = hash.finalize().prefix(6).map { String(UInt16($0) + 256, radix: 16).suffix(2) }.joined()
    }

    /// The folder `Resources`, wherever Cutis is installed.
    ///
    /// Looked for in `InstalledFolders`. SwiftPM's own `Bundle.module` ends the process when a binary has been moved.
    ///
    /// - Throws: `CutisError` with `.fileNotFound`.
    package static func installedFolder() throws(CutisError) -> URL {
        let name = "Cutis_CutisServer.resources/Resources"
        if let found = InstalledFolders.find(name) { return found }
        throw CutisError(
            .fileNotFound, "The web pages (\(name)), which ship with Cutis, were not found near the binary.",
            remedy: "Set CUTIS_HOME to the folder that holds Cutis_CutisServer.resources, or install Cutis again.")
    }

    /// The texts in the language that a browser likes best of those that there are; English otherwise (RFC 9110, 12.5.4).
    package func catalogue(for header: String?) -> MessageCatalogue {
        let ranges = (header ?? "").prefix(512).split(separator: ",").enumerated().compactMap { index, range in
            let parts = range.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            guard let tag = parts.first else { return nil as (tag: String, quality: Double, index: Int)? }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            return (tag, quality, index)
        }
        let liked = ranges.filter { $0.quality > 0 }
            .sorted { ($0.quality, -$0.index) > ($1.quality, -$1.index) }
        for range in liked {
            let language = range.tag.prefix { $0 != "-" }
            if let found = catalogues[range.tag] ?? catalogues[String(language)] { return found }
        }
        return english
    }

    private static let mediaTypes = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
    ]

    private static func templates(in folder: URL, texts: MessageCatalogue) throws(CutisError) -> MustacheLibrary {
        MustacheContentTypes.register(PageEscaping(), named: PageEscaping.name)
        var library = MustacheLibrary()
        let files = try files(folder, ending: "mustache")
        let names = Set(files.map { $0.deletingPathExtension().lastPathComponent })
        for file in files {
            let text = String(decoding: try read(file), as: UTF8.self)
            let problem: String
            do {
                try library.register(text, named: file.deletingPathExtension().lastPathComponent)
                guard let found = check(text, templates: names, texts: texts) else { continue }
                problem = found
            } catch let error as MustacheTemplate.ParserError {
                problem = "line \(error.context.lineNumber): \(error.error)"
            } catch {
                problem = "\(error)"
            }
            throw CutisError(
                .configInvalid, "The page template \(file.path) is broken: \(problem).",
                remedy: "Install Cutis again, or mend the template.")
        }
        return library
    }

    /// What is wrong with a template although it can be parsed: the engine writes nothing in these places.
    private static func check(_ text: String, templates: Set<String>, texts: MessageCatalogue) -> String? {
        if !text.hasPrefix("{{% CONTENT_TYPE:\(PageEscaping.name)}}") { return "its first line does not name PAGE" }
        for match in text.matches(of: #/\{\{[<>]\s*([A-Za-z0-9_\-]+)/#)
        where !templates.contains(String(match.output.1)) {
            return "it includes \(match.output.1), which is not there"
        }
        for match in text.matches(of: #/\{\{\{|\{\{&/#) { return "it writes without escaping: \(match.output)" }
        for match in text.matches(of: #/\{\{m\.([a-z0-9_.]+)\}\}/#) where texts.texts[String(match.output.1)] == nil {
            return "there is no text \(match.output.1)"
        }
        return nil
    }

    private static func files(_ folder: URL, ending: String?) throws(CutisError) -> [URL] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            throw missing(folder)
        }
        return names.sorted().map { folder.appendingPathComponent($0) }
            .filter { ending == nil || $0.pathExtension == ending }
    }

    private static func read(_ file: URL) throws(CutisError) -> Data {
        guard let data = FileManager.default.contents(atPath: file.path) else { throw missing(file) }
        return data
    }

    private static func missing(_ file: URL) -> CutisError {
        CutisError(
            .fileNotFound, "A part of the web pages, \(file.path), is not there.",
            remedy: "Install Cutis again, or point CUTIS_HOME at a whole installation.")
    }
}
