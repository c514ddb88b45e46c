public import Foundation

/// A self-contained page: text, tables, charts and pictures in one file that needs no network and runs no script.
///
/// It follows the reader's light or dark setting and fits a phone. All text is escaped.
public struct HTMLPage: Sendable, Hashable {
    /// The page's heading, and the browser's title.
    public var title: String
    /// One or two sentences below the heading.
    public var introduction: String
    /// The parts in their order, each with an entry in the list of contents.
    public var sections: [Section]

    /// Joins the parts.
    public init(_ title: String, introduction: String = "", sections: [Section] = []) {
        self.title = title
        self.introduction = introduction
        self.sections = sections
    }

    /// A part of the page with a heading.
    public struct Section: Sendable, Hashable {
        /// The heading.
        public var title: String
        /// What stands below it.
        public var blocks: [Block]

        /// Joins heading and content.
        public init(_ title: String, _ blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    /// One element of a section.
    public enum Block: Sendable, Hashable {
        /// A smaller heading.
        case heading(String)
        /// Running text.
        case paragraph(String)
        /// Text that must not be overlooked.
        case warning(String)
        /// Items of a list.
        case list([String])
        /// Names with values, set as tiles.
        case figures([Figure])
        /// Rows and columns.
        case table(HTMLTable)
        /// Charts, next to each other where there is room.
        case charts([Chart])
        /// Pictures in a grid.
        case pictures([HTMLPicture])
    }

    /// One number that matters, with its name.
    public struct Figure: Sendable, Hashable {
        /// What it is.
        public var name: String
        /// The number as text.
        public var value: String

        /// Joins name and value.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The whole file.
    public var text: String {
        var out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        // Not even an injected element could fetch or run anything.
        out += "<meta http-equiv=\"Content-Security-Policy\" "
        out += "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        out += "<title>\(SVGCanvas.escaped(title))</title>\n"
        out += "<style>\(ChartStyle.pageSheet)\(Self.style)</style>\n</head>\n<body>\n<header>\n"
        out += "<h1>\(SVGCanvas.escaped(title))</h1>\n"
        if !introduction.isEmpty { out += "<p>\(SVGCanvas.escaped(introduction))</p>\n" }
        if sections.count > 2 {
            let links = sections.enumerated().map { "<a href=\"#s\($0 + 1)\">\(SVGCanvas.escaped($1.title))</a>" }
            out += "<nav aria-label=\"Contents\">\(links.joined(separator: " "))</nav>\n"
        }
        out += "</header>\n<main>\n"
        for (index, section) in sections.enumerated() {
            out += "<section id=\"s\(index + 1)\">\n<h2>\(SVGCanvas.escaped(section.title))</h2>\n"
            for block in section.blocks { out += block.html + "\n" }
            out += "</section>\n"
        }
        return out + "</main>\n</body>\n</html>\n"
    }

    private static let style = """
        :root{color-scheme:light dark}*{box-sizing:border-box}
        body{margin:0 auto;max-width:66rem;padding:1.25rem;font:16px/1.5 system-ui,'Noto Sans','Liberation Sans',\
        sans-serif;color:var(--cx-ink);background:var(--cx-paper)}
        header p{color:var(--cx-soft);max-width:48rem}h1{margin:.2rem 0;font-size:1.7rem;overflow-wrap:anywhere}
        h2{margin:2rem 0 .5rem;padding-top:.6rem;font-size:1.25rem;border-top:1px solid var(--cx-grid)}
        h3{margin:1.2rem 0 .4rem;font-size:1rem}p{max-width:48rem;overflow-wrap:anywhere}
        nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem;font-size:.9rem}a{color:var(--cx-1)}
        .warn{padding:.6rem .9rem;border-left:4px solid var(--cx-2);\
        background:color-mix(in srgb,var(--cx-2) 10%,transparent)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.6rem;margin:.8rem 0}
        .tiles div{padding:.5rem .7rem;border:1px solid var(--cx-grid);border-radius:6px}
        .tiles dt{color:var(--cx-soft);font-size:.85rem}
        .tiles dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .wide{overflow-x:auto;margin:.6rem 0}table{border-collapse:collapse;min-width:min(100%,26rem)}
        caption{text-align:left;color:var(--cx-soft);font-size:.85rem;padding-bottom:.2rem}
        th,td{padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--cx-grid);text-align:left;font-weight:400;\
        vertical-align:top}thead th{color:var(--cx-soft);font-size:.85rem;vertical-align:bottom}
        .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1rem}
        .charts figure{overflow-x:auto;border:1px solid var(--cx-grid);border-radius:6px;padding:.4rem}
        figure{margin:0;min-width:0}svg.cx{display:block;height:auto;width:100%}
        .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.5rem,1fr));gap:.6rem}
        .pictures img{display:block;width:100%;height:auto;border-radius:4px}
        figcaption{font-size:.8rem;color:var(--cx-soft);overflow-wrap:anywhere}
        @media(max-width:36rem){body{padding:.8rem}h1{font-size:1.35rem}}
        @media print{body{max-width:none}section{break-inside:avoid-page}}
        """
}

/// Rows and columns of text.
public struct HTMLTable: Sendable, Hashable {
    /// What the table shows, in a line above it; may be empty.
    public var caption: String
    /// The columns' names.
    public var header: [String]
    /// The cells; the first of each row is its name.
    public var rows: [[String]]
    /// Columns of text, set to the left; all others but the first hold numbers and are set to the right.
    public var textColumns: Set<Int>

    /// Joins the parts.
    public init(_ caption: String = "", header: [String], rows: [[String]], textColumns: Set<Int> = []) {
        self.caption = caption
        self.header = header
        self.rows = rows
        self.textColumns = textColumns
    }
}

/// One picture of a page, held in the page itself.
public struct HTMLPicture: Sendable, Hashable {
    /// The encoded picture.
    public var data: Data
    /// Its kind, such as `image/jpeg`.
    public var mediaType: String
    /// What it shows, for people who cannot see it.
    public var alternative: String
    /// A line below it; may be empty.
    public var caption: String

    /// Joins the parts.
    public init(_ data: Data, mediaType: String, alternative: String, caption: String = "") {
        self.data = data
        self.mediaType = mediaType
        self.alternative = alternative
        self.caption = caption
    }
}
