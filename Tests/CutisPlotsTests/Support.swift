import Foundation
import FoundationXML

/// What a strict XML reader finds in a text.
final class XMLReading: NSObject, XMLParserDelegate {
    private(set) var elements: [(name: String, attributes: [String: String])] = []
    private(set) var characters = ""
    private(set) var isWellFormed = false

    init(_ text: String) {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        isWellFormed = parser.parse()
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements.append((name, attributes))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { characters += string }

    /// The elements of a name, with an attribute where one is asked for.
    func all(_ name: String, style: String? = nil) -> [[String: String]] {
        elements.filter { $0.name == name && (style == nil || $0.attributes["class"] == style) }.map(\.attributes)
    }
}
