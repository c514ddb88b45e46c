import Foundation

extension HTMLPage.Block {
    var html: String {
        switch self {
        case .heading(let text): "<h3>\(SVGCanvas.escaped(text))</h3>"
        case .paragraph(let text): "<p>\(SVGCanvas.escaped(text))</p>"
        case .warning(let text): "<p class=\"warn\">\(SVGCanvas.escaped(text))</p>"
        case .list(let items):
            "<ul>" + items.map { "<li>\(SVGCanvas.escaped($0))</li>" }.joined() + "</ul>"
        case .figures(let figures):
            "<dl class=\"tiles\">"
                + figures.map {
                    "<div><dt>\(SVGCanvas.escaped($0.name))</dt><dd>\(SVGCanvas.escaped($0.value))</dd></div>"
                }.joined() + "</dl>"
        case .table(let table): table.html
        case .charts(let charts):
            "<div class=\"charts\">" + charts.map(Self.figure).joined(separator: "\n") + "</div>"
        case .pictures(let pictures):
            "<div class=\"pictures\">" + pictures.map(\.html).joined(separator: "\n") + "</div>"
        }
    }

    /// A drawing never shrinks so far that its text cannot be read: its frame scrolls instead.
    private static func figure(_ chart: Chart) -> String {
        let (least, most) = (SVGCanvas.number(chart.width * 0.68), SVGCanvas.number(chart.width * 1.15))
        return "<figure><div style=\"min-width:\(least)px;max-width:\(most)px\">\(chart.svg(.inline))</div></figure>"
    }
}

extension HTMLTable {
    var html: String {
        func cell(_ tag: String, _ index: Int, _ text: String, scope: String = "") -> String {
            let style = index == 0 || textColumns.contains(index) ? "" : " class=\"n\""
            return "<\(tag)\(scope)\(style)>\(SVGCanvas.escaped(text))</\(tag)>"
        }
        var out = "<div class=\"wide\"><table>"
        if !caption.isEmpty { out += "<caption>\(SVGCanvas.escaped(caption))</caption>" }
        out += "<thead><tr>"
        for (index, name) in header.enumerated() { out += cell("th", index, name, scope: " scope=\"col\"") }
        out += "</tr></thead>\n<tbody>"
        for row in rows {
            out += "<tr>"
            for (index, text) in row.enumerated() {
                out += index == 0 ? cell("th", index, text, scope: " scope=\"row\"") : cell("td", index, text)
            }
            out += "</tr>\n"
        }
        return out + "</tbody></table></div>"
    }
}

extension HTMLPicture {
    var html: String {
        let source = "data:\(SVGCanvas.escaped(mediaType));base64,\(data.base64EncodedString())"
        let image = "<img loading=\"lazy\" alt=\"\(SVGCanvas.escaped(alternative))\" src=\"\(source)\">"
        let line = caption.isEmpty ? "" : "<figcaption>\(SVGCanvas.escaped(caption))</figcaption>"
        return "<figure>\(image)\(line)</figure>"
    }
}
