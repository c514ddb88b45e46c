import CutisCore
import CutisFormats
import Foundation

/// Reads the archives of MedMNIST (Yang et al. 2023): `train_images`, `train_labels`, and the same for `val`, `test`.
struct MedMNISTReader {
    let url: URL
    let options: DatasetReadOptions

    func read() throws(CutisError) -> Dataset {
        let archive = try NpzArchive(url)
        var collector = SampleCollector(options)
        var labels = options.labels
        // DermaMNIST numbers HAM10000's classes in the order of their names.
        if labels == nil, url.lastPathComponent.lowercased().hasPrefix("dermamnist") { labels = .ham10000 }
        var count = 0
        do throws(RowFault) {
            for part in ["train", "val", "test"] where archive.tensors["\(part)_images"] != nil {
                let rows: [[Int]]
                do throws(CutisError) {
                    rows = try labelRows(archive, part)
                } catch {
                    throw RowFault(error.message)
                }
                for (index, row) in rows.enumerated() {
                    let indices = try row.map { (number) throws(RowFault) in
                        guard let labels else { return try collector.labels.index(of: String(number)) }
                        guard number < labels.count else { throw RowFault("\(part)_labels has the class \(number)") }
                        return number
                    }
                    try collector.append(
                        DatasetSample(
                            id: "\(part)/\(index)",
                            images: [.array(archive: url, name: "\(part)_images", index: index)], labels: indices,
                            split: SplitName(spelling: part)))
                    count += 1
                }
            }
        } catch {
            throw .unusable(url.path, error.reason, remedy: "Download the archive again.")
        }
        guard count > 0 else {
            throw .unusable(
                url.path, "it has no array train_images, val_images or test_images",
                remedy: "Give an archive of MedMNIST.")
        }
        let dataset = collector.finish(source: url)
        guard let labels else { return dataset }
        return Dataset(source: url, labels: labels, samples: dataset.samples)
    }

    /// The class numbers of each image: one, or those whose column is 1 (ChestMNIST).
    private func labelRows(_ archive: NpzArchive, _ part: String) throws(CutisError) -> [[Int]] {
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
        return (0..<count).map { row in
            let values = numbers[row * width..<(row + 1) * width]
            guard width > 1 else { return Array(values) }
            return values.enumerated().filter { $0.element > 0 }.map(\.offset)
        }
    }
}
