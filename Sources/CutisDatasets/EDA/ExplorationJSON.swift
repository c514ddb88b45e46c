public import CutisCore

extension DatasetExploration {
    /// Everything that the page shows, without the pictures, for programs.
    ///
    /// Unlike the page it names the samples that cannot be read.
    public var json: OrderedJSON {
        .object([
            "format": "cutis-eda",
            "version": .integer(1),
            "source": .string(source),
            "samples": .integer(sampleCount),
            "images": .integer(imageCount),
            "readable_images": .integer(readableCount),
            "images_without_colour": .integer(grayCount),
            "patients": Self.optional(metadata.patientCount),
            "lesions": Self.optional(metadata.lesionCount),
            "imbalance_ratio": imbalanceRatio.map { .number($0) } ?? .null,
            "classes": .array(classes.map(\.json)),
            "brightness": brightness.json,
            "sharpness": sharpness.json,
            "sizes": .object([
                "width": sizes.widths.json,
                "height": sizes.heights.json,
                "counts": .array(sizes.counts.prefix(Self.sizeLimit).map(\.json)),
                "different": .integer(sizes.counts.count),
            ]),
            "columns": .array(metadata.columns.map(\.json)),
            "subgroups": .array(metadata.subgroups.map(\.json)),
            "splits": metadata.splits?.json ?? .null,
            "unreadable": .array(unreadable.map(\.json)),
        ])
    }

    /// Sizes in the file; data of photos has nearly as many as images.
    private static let sizeLimit = 1000

    private static func optional(_ value: Int?) -> OrderedJSON { value.map { .integer($0) } ?? .null }
}

extension ClassSummary {
    fileprivate var json: OrderedJSON {
        .object([
            "id": .optional(id),
            "label": .string(label),
            "samples": .integer(sampleCount),
            "images": .integer(imageCount),
            "readable_images": .integer(readableCount),
            "brightness": brightness.json,
            "sharpness": sharpness.json,
            "intensity": channels.isEmpty
                ? .null
                : .object([
                    "red": .array(channels[0].map { .number($0) }),
                    "green": .array(channels[1].map { .number($0) }),
                    "blue": .array(channels[2].map { .number($0) }),
                ]),
        ])
    }
}

extension ValueSummary {
    fileprivate var json: OrderedJSON {
        .object([
            "mean": .number(mean),
            "minimum": .number(quantile(0)),
            "p05": .number(quantile(0.05)),
            "p25": .number(quantile(0.25)),
            "median": .number(quantile(0.5)),
            "p75": .number(quantile(0.75)),
            "p95": .number(quantile(0.95)),
            "maximum": .number(quantile(1)),
        ])
    }
}

extension SizeCount {
    fileprivate var json: OrderedJSON {
        .object(["width": .integer(size.width), "height": .integer(size.height), "images": .integer(count)])
    }
}

extension ColumnCoverage {
    fileprivate var json: OrderedJSON {
        .object([
            "name": .string(name), "known": .integer(known), "missing": .integer(missing),
            "missing_share": .number(missingShare),
        ])
    }
}

extension SubgroupCounts {
    fileprivate var json: OrderedJSON {
        .object([
            "name": .string(name),
            "rows": .array(
                rows.map { row in
                    .object([
                        "value": .string(row.value), "samples": .integer(row.count),
                        "by_class": .array(row.classCounts.map { .integer($0) }),
                    ])
                }),
        ])
    }
}

extension UnreadableImage {
    fileprivate var json: OrderedJSON {
        .object([
            "sample": .integer(sampleNumber), "id": .string(sampleID), "code": .string(code.rawValue),
            "message": .string(message),
        ])
    }
}
