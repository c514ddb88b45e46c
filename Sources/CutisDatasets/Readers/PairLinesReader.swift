import CutisCore
import CutisFormats
import Foundation

/// Reads image–text pairs as JSON lines: `{"image": "a.jpg", "text": "…"}`, one object a line.
struct PairLinesReader {
    let url: URL
    let options: DatasetReadOptions

    func read() throws(CutisError) -> Dataset {
        let file = try MappedFile(url)
        guard file.count <= CSVTable.maximumBytes else {
            throw RowFault("the file is larger than \(CSVTable.maximumBytes >> 20) MiB").error(in: url.path, line: 1)
        }
        var locator = ImageLocator(base: options.images ?? url.deletingLastPathComponent())
        var collector = SampleCollector(options)
        // JSON escapes line breaks, so a line is a record.
        let lines = file.region.withUnsafeBytes { bytes in
            bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Data($0) }
        }
        for (index, line) in lines.enumerated() {
            // Blank lines, also those of files with CR LF line ends.
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
            do throws(RowFault) {
                try collector.append(try sample(line, &locator, &collector))
            } catch {
                throw error.error(in: url.path, line: index + 1)
            }
        }
        return collector.finish(source: url)
    }

    private func sample(
        _ line: Data, _ locator: inout ImageLocator, _ collector: inout SampleCollector
    ) throws(RowFault) -> DatasetSample {
        guard line.count <= options.limits.maximumFieldBytes * 4,
            let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any]
        else { throw RowFault("the line is not a JSON object, or too long") }
        // Keys in any case, the first in the order of their bytes where two differ only by it.
        var fields: [String: Any] = [:]
        for key in object.keys.sorted() where fields[key.lowercased()] == nil { fields[key.lowercased()] = object[key] }
        func text(_ names: [String]) -> String? { names.lazy.compactMap { fields[$0] as? String }.first }
        guard let name = text(FactColumns.image) else { throw RowFault("there is no \"image\"") }
        guard let words = text(FactColumns.text) else { throw RowFault("there is no \"text\"") }
        let keys = fields.keys.sorted().filter { fields[$0] is String || fields[$0] is NSNumber }
        let used = [FactColumns.image, FactColumns.text, FactColumns.split, ["label"]].compactMap {
            FactColumns.position(of: $0, in: keys)
        }
        let row = keys.map { fields[$0].map { "\($0)" } ?? "" }
        let label = fields["label"].map { "\($0)" } ?? ""
        return DatasetSample(
            id: name, images: [.file(try locator.locate(name))],
            labels: label.isEmpty ? [] : [try collector.labels.index(of: label)],
            split: try TableReader.split(text(FactColumns.split)),
            facts: try FactColumns(keys, used: Set(used)).facts(row, limits: options.limits),
            text: try TableReader.text(words, options.limits))
    }
}
