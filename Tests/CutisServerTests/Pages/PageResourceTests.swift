import CutisCore
import CutisServer
import Foundation
import Testing

@Suite struct PageResourceTests {
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let resources = package.appendingPathComponent("Sources/CutisServer/Resources")

    /// Each text is used somewhere, and each that is used exists.
    @Test func textsAndTheirUsesAgree() throws {
        let texts = try #require(try PageResources(folder: Self.resources).catalogues["en"]).texts
        var used: Set<String> = []
        var groups: Set<String> = []
        for (file, text) in try Self.sources() {
            for match in text.matches(of: #/\{\{m\.([a-z0-9_.]+)\}\}/#) { used.insert(String(match.output.1)) }
            guard file.hasSuffix(".swift") else { continue }
            for match in text.matches(of: #/"([a-z_]+\.[a-z0-9_]+)"/#) { used.insert(String(match.output.1)) }
            for match in text.matches(of: #/choice\(\s*"([a-z_]+)"/#) { groups.insert(String(match.output.1)) }
        }
        // Texts that `PageCall` finds by the word in an address, and titles by the code of a problem.
        groups.formUnion(["notices"])
        let unused = texts.keys.filter { key in
            !used.contains(key) && !groups.contains(String(key.prefix { $0 != "." }))
        }
        #expect(unused.isEmpty, "unused: \(unused.sorted())")
        let tops = Set(texts.keys.map { String($0.prefix { $0 != "." }) })
        let missing = used.filter { key in tops.contains(String(key.prefix { $0 != "." })) && texts[key] == nil }
        #expect(missing.isEmpty, "missing: \(missing.sorted())")
    }

    @Test func everyChoiceHasItsText() throws {
        let texts = try #require(try PageResources(folder: Self.resources).catalogues["en"]).texts
        for (group, names) in PageChoices.all {
            for name in names { #expect(texts["\(group).\(name)"] != nil, "\(group).\(name)") }
        }
    }

    @Test(arguments: [
        ("broken.mustache", "{{% CONTENT_TYPE:PAGE}}{{#a}}", "line 1"),
        ("broken.mustache", "{{% CONTENT_TYPE:PAGE}}{{> nowhere}}", "nowhere"),
        ("broken.mustache", "{{% CONTENT_TYPE:PAGE}}{{m.no.text}}", "no.text"),
        ("broken.mustache", "<p>{{text}}</p>", "PAGE"),
        ("broken.mustache", "{{% CONTENT_TYPE:PAGE}}{{{text}}}", "escaping"),
    ]) func aBrokenTemplateIsAnErrorAtTheStart(_ file: String, _ text: String, _ word: String) throws {
        try Self.withCopy { folder in
            try Data(text.utf8).write(to: folder.appendingPathComponent("Templates/\(file)"))
            let error = #expect(throws: CutisError.self) { try PageResources(folder: folder) }
            #expect(error?.code == .configInvalid && error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
    }

    @Test func aMissingPartIsNamed() throws {
        try Self.withCopy { folder in
            try FileManager.default.removeItem(at: folder.appendingPathComponent("Messages/en.json"))
            let error = #expect(throws: CutisError.self) { try PageResources(folder: folder) }
            #expect(error?.code == .fileNotFound && error?.message.contains("en.json") == true)
        }
    }

    @Test func anotherLanguageFallsBackToEnglishTextByText() async throws {
        try Self.withCopy { folder in
            try Data(#"{"sign_in": {"title": "Anmelden"}}"#.utf8)
                .write(to: folder.appendingPathComponent("Messages/de.json"))
            let catalogues = try PageResources(folder: folder).catalogues
            #expect(catalogues["de"]?.texts["sign_in.title"] == "Anmelden")
            #expect(catalogues["de"]?.texts["sign_in.submit"] == "Sign in")
        }
    }

    @Test(arguments: [
        (nil, "en"), ("", "en"), ("de", "de"), ("fr-CH, de-AT;q=0.9, en;q=0.8", "de"), ("de;q=0.1, en", "en"),
        ("de;q=0", "en"), ("*", "en"), ("en;q=0.5, de;q=0.5", "en"), (";;q=x,,", "en"),
    ]) func theLanguageIsTheOneThatIsLikedBest(_ header: String?, _ language: String) throws {
        try Self.withCopy { folder in
            try Data("{}".utf8).write(to: folder.appendingPathComponent("Messages/de.json"))
            #expect(try PageResources(folder: folder).catalogue(for: header).language == language)
        }
    }

    @Test func theInstalledFolderIsFound() throws {
        #expect(try PageResources(folder: PageResources.installedFolder()).catalogues["en"] != nil)
    }

    private static func withCopy(_ body: (URL) throws -> Void) throws {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-pages-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: resources, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        try body(copy)
    }

    private static func sources() throws -> [(String, String)] {
        try ["Sources/CutisServer/Resources/Templates", "Sources/CutisServer/Pages"].flatMap { path in
            let folder = package.appendingPathComponent(path)
            let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
            return try names.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".mustache") }.map {
                ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8))
            }
        }
    }
}
