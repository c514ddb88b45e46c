import CutisCore
import CutisPlots
import Foundation

extension DatasetExploration {
    /// One self-contained page with everything, light and dark; it names no patient, no lesion and no file.
    public var page: String {
        var sections = [overview, classSection, pictureSection, intensitySection, sizeSection, lightSection]
        sections += [metadataSection, subgroupSection]
        if !unreadable.isEmpty { sections.append(unreadableSection) }
        return HTMLPage(
            "Data set: \(source)",
            introduction: "What the data holds before anything is trained on it. For research and evaluation.",
            sections: sections
        ).text
    }

    /// With more classes their outlines in one chart cannot be told apart.
    private static let overlayLimit = 8
    /// With more classes a table of subgroups is wider than any page.
    private static let columnLimit = 12

    private func count(_ value: Int) -> String { FigureFormat.grouped(Double(value), decimals: 0) }

    private func share(_ part: Int, of whole: Int) -> String {
        FigureFormat.percent(whole > 0 ? Double(part) / Double(whole) : .nan)
    }

    private var labelled: [ClassSummary] { classes.filter { $0.id != nil } }

    private var overview: HTMLPage.Section {
        var figures = [
            HTMLPage.Figure("Images", count(imageCount)), .init("Classes", count(labelled.count)),
            .init("Imbalance ratio", imbalanceRatio.map { FigureFormat.grouped($0, decimals: 1) } ?? "–"),
            .init("Unreadable images", count(unreadable.count)), .init("Without colour", count(grayCount)),
        ]
        if sampleCount != imageCount { figures.insert(.init("Cases", count(sampleCount)), at: 0) }
        if let patients = metadata.patientCount { figures.append(.init("Patients", count(patients))) }
        if let lesions = metadata.lesionCount { figures.append(.init("Lesions", count(lesions))) }
        return .init("Overview", [.figures(figures)] + warnings.map { .warning($0) })
    }

    /// What should be mended or kept in mind before training.
    private var warnings: [String] {
        var out: [String] = []
        let empty = labelled.filter { $0.sampleCount == 0 }.map(\.label)
        if !empty.isEmpty { out.append("No samples at all: \(empty.joined(separator: ", ")).") }
        let few = labelled.filter { (1...2).contains($0.sampleCount) }.map(\.label)
        if !few.isEmpty {
            out.append("Too few samples to be in every split (one or two): \(few.joined(separator: ", ")).")
        }
        if !unreadable.isEmpty {
            out.append(
                "\(share(unreadable.count, of: imageCount)) of the images cannot be read; the figures of pixels leave "
                    + "them out.")
        }
        if grayCount > 0, grayCount < readableCount {
            out.append("\(share(grayCount, of: readableCount)) of the readable images have no colour, the others have.")
        }
        if !metadata.subgroups.contains(where: \.isKnown) {
            out.append("Nothing is known about age, sex, site or skin type: subgroups cannot be compared.")
        }
        return out
    }

    private var classSection: HTMLPage.Section {
        let chart = Chart.bars(
            "Samples of each class",
            summary: labelled.max { $0.sampleCount < $1.sampleCount }.map { "The largest class is \($0.label)." } ?? "",
            categories: classes.map(\.label),
            series: [BarSeries("", classes.map { Double($0.sampleCount) })])
        let parts = metadata.splits?.rows.filter { $0.count > 0 } ?? []
        let rows = classes.enumerated().map { index, one in
            [one.name, count(one.sampleCount), share(one.sampleCount, of: sampleCount)]
                + parts.map { index < $0.classCounts.count ? count($0.classCounts[index]) : "–" }
        }
        let table = HTMLTable(header: ["Class", "Samples", "Share"] + parts.map(\.value), rows: rows)
        return .init("Classes", [.charts([chart]), .table(table)])
    }

    private var pictureSection: HTMLPage.Section {
        var blocks: [HTMLPage.Block] = [.paragraph("A random choice of each class, drawn with a seed.")]
        for one in classes {
            blocks.append(.heading(one.name))
            if one.pictures.isEmpty {
                blocks.append(.paragraph(one.imageCount == 0 ? "No images." : "No image can be read."))
                continue
            }
            let pictures = one.pictures.enumerated().map { index, picture in
                HTMLPicture(
                    picture.jpeg, mediaType: "image/jpeg",
                    alternative: "\(one.label), sample \(index + 1) of \(one.pictures.count)",
                    caption: "\(picture.width)×\(picture.height)")
            }
            blocks.append(.pictures(pictures))
        }
        return .init("Sample images", blocks)
    }

    private var intensitySection: HTMLPage.Section {
        let edges = (0...ImageMeasurement.binCount).map { Double($0 * 256 / ImageMeasurement.binCount) }
        let charts = classes.filter { !$0.channels.isEmpty }.map { one in
            let means = one.channels.map { Self.level($0) }
            // Slots whose colours are near to the channels' own: vermilion, green, blue.
            let series = zip(zip(["red", "green", "blue"], [1, 2, 0]), one.channels).map {
                BarSeries($0.0, $1.map { $0 * 100 }, slot: $0.1)
            }
            return Chart.histogram(
                one.label,
                summary: "Mean levels: red \(means[0]), green \(means[1]), blue \(means[2]).", edges: edges,
                series: series, x: Axis("level of the channel"), y: Axis("% of pixels"), height: 250)
        }
        let text = "Mean histograms of the channels; every image counts the same, whatever its size."
        return .init("Intensity of each channel", [.paragraph(text), .charts(charts)])
    }

    private static func level(_ shares: [Double]) -> String {
        let width = 256 / Double(shares.count)
        let mean = shares.enumerated().reduce(0) { $0 + (Double($1.offset) + 0.5) * width * $1.element }
        return FigureFormat.grouped(mean, decimals: 0)
    }

    private var sizeSection: HTMLPage.Section {
        let shown = 12
        let rows = sizes.counts.prefix(shown).map {
            ["\($0.size.width)×\($0.size.height)", count($0.count), share($0.count, of: readableCount)]
        }
        let caption =
            sizes.counts.count > shown
            ? "The \(shown) most frequent of \(count(sizes.counts.count)) sizes, width×height"
            : "Width×height in pixels"
        var blocks = [HTMLPage.Block.table(HTMLTable(caption, header: ["Size", "Images", "Share"], rows: rows))]
        if sizes.counts.count > 1 {
            let most = max(sizes.widths.quantile(1), sizes.heights.quantile(1))
            let edges = (0...32).map { Double($0) / 32 * most }
            let chart = Chart.histogram(
                "Widths and heights", edges: edges,
                series: [
                    BarSeries("width", sizes.widths.counts(edges: edges).map(Double.init)),
                    BarSeries("height", sizes.heights.counts(edges: edges).map(Double.init)),
                ], x: Axis("pixels"), y: Axis("images"))
            blocks.insert(.charts([chart]), at: 0)
        }
        return .init("Image sizes", blocks)
    }

    private var lightSection: HTMLPage.Section {
        let measured = classes.filter { $0.readableCount > 0 }
        let levels = (0...24).map { Double($0) * 256 / 24 }
        let positive = sharpness.sorted.first { $0 > 0 } ?? 1
        // A little wider than the values, which rounding must not push out.
        let (low, high) = (log10(positive) - 1e-9, log10(max(sharpness.sorted.last ?? 0, positive * 10)) + 1e-9)
        let variances = (0...20).map { pow(10, low + (high - low) * Double($0) / 20) }
        let charts = [
            distribution(
                "Brightness", levels, all: brightness, measured.map { ($0.label, $0.brightness) },
                x: Axis("mean grey level of the image", range: 0...255)),
            distribution(
                "Sharpness", variances, all: sharpness, measured.map { ($0.label, $0.sharpness) },
                x: Axis("variance of the Laplacian", isLogarithmic: true, range: pow(10, low)...pow(10, high))),
        ]
        let rows = measured.map { one in
            [one.name]
                + [one.brightness, one.sharpness].flatMap { values in
                    [0.5, 0.05, 0.95].map { FigureFormat.grouped(values.quantile($0), decimals: 0) }
                }
        }
        let table = HTMLTable(
            "Median, 5th and 95th percentile of the images of each class",
            header: ["Class", "Brightness", "5%", "95%", "Sharpness", "5%", "95%"], rows: rows)
        let flat = sharpness.sorted.count { $0 == 0 }
        let text =
            "Sharp edges make the variance large, blur makes it small. It depends on the size of an image, too: compare "
            + "images of one size only."
            + (flat > 0 ? " \(count(flat)) images of a single level (variance 0) are not in the chart." : "")
        return .init("Brightness and sharpness", [.charts(charts), .paragraph(text), .table(table)])
    }

    /// Shares of the images of each class over common bins; of all images together where there are many classes.
    private func distribution(
        _ title: String, _ edges: [Double], all: ValueSummary, _ groups: [(String, ValueSummary)], x: Axis
    ) -> Chart {
        let overlaid = groups.count <= Self.overlayLimit ? groups : [("", all)]
        let isLogarithmic = x.isLogarithmic
        let middles = zip(edges, edges.dropFirst()).map { isLogarithmic ? ($0 * $1).squareRoot() : ($0 + $1) / 2 }
        let series = overlaid.map { name, values in
            let whole = Double(max(values.sorted.count, 1))
            return Series(name, x: middles, y: values.counts(edges: edges).map { Double($0) * 100 / whole })
        }
        let middle = FigureFormat.short(all.quantile(0.5))
        return Chart.lines(
            title, summary: "The median of all images is \(middle).", x: x, y: Axis("% of images"), series: series,
            height: 340)
    }

    private var metadataSection: HTMLPage.Section {
        let rows = metadata.columns.map {
            [$0.name, count($0.known), count($0.missing), FigureFormat.percent($0.missingShare)]
        }
        let table = HTMLTable(
            "Samples with and without a value", header: ["Column", "Known", "Missing", "Share missing"], rows: rows)
        return .init("Metadata", [.table(table)])
    }

    private var subgroupSection: HTMLPage.Section {
        var blocks: [HTMLPage.Block] = []
        let columns = labelled.count <= Self.columnLimit ? labelled : []
        for group in metadata.subgroups {
            blocks.append(.heading(group.name))
            // Without a single value the empty rows would only hide that.
            let rows = (group.isKnown ? group.rows[...] : group.rows.suffix(1)).map { row in
                [row.value, count(row.count), share(row.count, of: sampleCount)]
                    + columns.indices.map { count(row.classCounts[$0]) }
            }
            let header = [group.name, "Samples", "Share"] + columns.map { $0.id ?? $0.label }
            blocks.append(.table(HTMLTable(header: header, rows: rows)))
        }
        return .init("Subgroups", blocks)
    }

    private var unreadableSection: HTMLPage.Section {
        let shown = 100
        let rows = unreadable.prefix(shown).map { [count($0.sampleNumber), $0.code.rawValue, $0.message] }
        let part = unreadable.count > shown ? "The first \(shown) of \(count(unreadable.count)). " : ""
        let text = part + "The names are in eda.json only, since file names may hold patients' identifiers."
        let table = HTMLTable(
            "By the sample's place in the data set", header: ["Sample", "Kind", "What is wrong"], rows: rows,
            textColumns: [1, 2])
        return .init("Unreadable images", [.paragraph(text), .table(table)])
    }
}

extension ClassSummary {
    /// The label with its short name where that is another.
    fileprivate var name: String {
        guard let id, id.lowercased() != label.lowercased() else { return label }
        return "\(label) (\(id))"
    }
}
