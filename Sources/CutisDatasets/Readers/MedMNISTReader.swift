import CutisCore
import CutisFormats
import Foundation

/// Reads the archives of MedMNIST (Yang et al. 2023): `train_images`, `train_labels`, and the same for `val`, `test`.
struct MedMNISTReader {
    let url: URL
    let options: DatasetReadOptions

    func read() throws(CutisError) -> Dataset {
        let archive = try NpzArchive(url)
        var parts: [(name: String, rows: [[Int]])] = []
        // Also a class that no image has keeps its number.
        var classCount = 0
        for part in ["train", "val", "test"] where archive.tensors["\(part)_images"] != nil {
            let (rows, width) = try labelRows(archive, part)
            classCount = max(classCount, width, (rows.joined().max() ?? -1) + 1)
            parts.append((part, rows))
        }
        var options = options
        // DermaMNIST numbers HAM10000's classes in the order of their names.
        let isDerma = url.lastPathComponent.lowercased().hasPrefix("dermamnist")
        let numbered = LabelSet((0..<classCount).map { DiagnosisLabel(id: String($0), label: String($0)) })
        let labels = options.labels ?? (isDerma ? .ham10000 : numbered)
        guard classCount <= labels.count else {
            throw .unusable(
                url.path, "it has the class \(classCount - 1), and there are \(labels.count) labels",
                remedy: "Give the labels of this archive.")
        }
        options.labels = labels
        var collector = SampleCollector(options)
        var count = 0
        do throws(RowFault) {
            for (part, rows) in parts {
                for (index, row) in rows.enumerated() {
                    try collector.append(
                        DatasetSample(
                            id: "\(part)/\(index)",
                            images: [.array(archive: url, name: "\(part)_images", index: index)], labels: row,
                            split: SplitName(spelling: part)))
                    count += 1
                }
            }
        } catch {
            throw .unusable(url.path, error.reason, remedy: "Give a smaller archive.")
        }
        guard count > 0 else {
            throw .unusable(
                url.path, "it has no array train_images, val_images or test_images",
                remedy: "Give an archive of MedMNIST.")
        }
        return collector.finish(source: url)
    }

    /// The class numbers of each image: one, or those whose column is 1 (ChestMNIST); and how many columns there are,
    /// 0 for a single one.
    private func labelRows(
        _ archive: NpzArchive, _ part: String
    ) throws(CutisError) -> (rows: [[Int]], columns: Int) {
        guard let images = archive.tensors["\(part)_images"], let labels = archive.tensors["\(part)_labels"],
            let count = images.shape.first, count <= options.limits.maximumSamples
        else {
            throw .unusable(
                url.path, "\(part)_labels is missing, or \(part)_images too long",
                remedy: "Download the archive again.")
        }
        _ = try ArrayImages.layout(images, path: url.path)
        let width = labels.shape.dropFirst().reduce(1, *)
        guard labels.shape.first == count, labels.shape.count <= 2, (1...options.limits.maximumLabels).contains(width),
            [.uint8, .int64, .int32].contains(labels.elementType)
        else {
            throw .unusable(
                url.path, "\(part)_labels of shape \(labels.shape) does not fit \(count) images",
                remedy: "Download the archive again.")
        }
        let step = labels.elementType.byteWidth
        let numbers = try archive.data(for: "\(part)_labels").withUnsafeBytes { bytes in
            (0..<count * width).map { index in
                switch step {
                case 1: Int(bytes[index])
                case 4: Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)))
                default: Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)))
                }
            }
        }
        guard numbers.allSatisfy({ (0..<options.limits.maximumLabels).contains($0) }) else {
            throw .unusable(url.path, "\(part)_labels has a negative or huge class", remedy: "Download it again.")
        }
        let rows = (0..<count).map { row in
            let values = numbers[row * width..<(row + 1) * width]
            guard width > 1 else { return Array(values) }
            return values.enumerated().filter { $0.element > 0 }.map(\.offset)
        }
        return (rows, width > 1 ? width : 0)
    }
}
