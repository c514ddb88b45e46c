/// Where a drawing's colours come from.
public enum ChartStyle: Sendable, Hashable {
    /// From the page around it: `ChartStyle.pageSheet` must be there once.
    case inline
    /// From a style sheet of its own, light or dark as the reader's system is.
    case standalone
    /// From a style sheet of its own, light, on white: for renderers and paper.
    case light

    /// The rules of all drawings in a page, with the colours as CSS variables that follow the reader's setting.
    public static let pageSheet =
        ":root{\(variables(Palette.light))}@media (prefers-color-scheme:dark){:root{\(variables(Palette.dark))}}"
        + rules { "var(--cx-\($0))" }

    var sheet: String? {
        switch self {
        case .inline: nil
        case .standalone:
            // Plain colours, since few viewers other than browsers know variables; most skip a media rule.
            Self.rules { Palette.light[$0] ?? "" } + "@media (prefers-color-scheme:dark){"
                + Self.rules { Palette.dark[$0] ?? "" } + "}"
        case .light: Self.rules { Palette.light[$0] ?? "" }
        }
    }

    var hasBackground: Bool { self != .inline }

    private static func variables(_ colours: [String: String]) -> String {
        colours.sorted { $0.key < $1.key }.map { "--cx-\($0.key):\($0.value);" }.joined()
    }

    private static func rules(_ colour: (String) -> String) -> String {
        var text = ".cx{font-family:system-ui,'Noto Sans','Liberation Sans',sans-serif;font-size:12px}"
        text += ".cx-paper{fill:\(colour("paper"))}.cx-ink{fill:\(colour("ink"))}.cx-soft{fill:\(colour("soft"))}"
        text += ".cx-on{fill:\(colour("paper"))}.cx-heat{fill:\(colour("heat"))}"
        text += ".cx-grid{stroke:\(colour("grid"));fill:none}.cx-axis{stroke:\(colour("soft"));fill:none}"
        for index in 1...Palette.seriesCount {
            text += ".cx-f\(index){fill:\(colour("\(index)"))}"
            text += ".cx-s\(index){stroke:\(colour("\(index)"));fill:none}"
        }
        return text
    }
}

/// The colours of drawings and pages.
///
/// The first four of the series follow Okabe and Ito (2008), darkened or lightened until each has a contrast of 3:1 with
/// its ground (WCAG 2.2, 1.4.11); the others were searched for so that any two of the eight stay apart by a CIELAB
/// distance of 13 for normal sight and for the three dichromacies as Machado et al. (2009) simulate them. Text has at
/// least 4.5:1.
enum Palette {
    static let seriesCount = 8

    static let light: [String: String] = [
        "paper": "#ffffff", "ink": "#1b1f24", "soft": "#59636e", "grid": "#dfe3e8", "heat": "#00507f",
        "1": "#0072b2", "2": "#d55e00", "3": "#008f68", "4": "#b8568c", "5": "#811400", "6": "#008ffc",
        "7": "#351a95", "8": "#004244",
    ]

    static let dark: [String: String] = [
        "paper": "#14181d", "ink": "#e7eaee", "soft": "#a3adb8", "grid": "#323a43", "heat": "#5a9bc8",
        "1": "#4ba3e3", "2": "#f08a3c", "3": "#2fc296", "4": "#e08fbb", "5": "#faffff", "6": "#8fd0f5",
        "7": "#ff616a", "8": "#7459e1",
    ]
}
