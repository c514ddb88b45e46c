import CutisCore
import CutisDatasets
import CutisImaging
import Foundation
import Testing

/// A folder that lives as long as a test.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-datasets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file, making its folders.
    @discardableResult
    func write(_ path: String, _ data: Data) throws -> URL {
        let file = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        return file
    }

    @discardableResult
    func write(_ path: String, _ text: String) throws -> URL { try write(path, Data(text.utf8)) }
}

/// Images and samples that tests make up.
enum Synthetic {
    /// A picture of a few soft blobs; another seed gives another picture.
    static func image(seed: Int, width: Int = 48, height: Int = 40) throws -> PixelBuffer {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let (u, v) = (Double(x) / Double(width), Double(y) / Double(height))
                for channel in 0..<3 {
                    var value = 128.0
                    for wave in 1...24 {
                        let phase = Double((seed * 7919 + wave * 104_729 + channel * 31) % 1000) / 159
                        let (a, b) = (Double((seed * wave * 5) % 17), Double((seed + wave * 3) % 16))
                        value += 9 * cos(Double.pi * (a * u + b * v) + phase)
                    }
                    pixels.append(UInt8(min(255, max(0, value))))
                }
            }
        }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: pixels)
    }

    static func png(seed: Int, width: Int = 48, height: Int = 40) throws -> Data {
        try PNGEncoder.encode(image(seed: seed, width: width, height: height))
    }

    /// A data set whose images need not exist.
    static func dataset(_ samples: [DatasetSample], labels: [String] = ["a", "b"]) -> Dataset {
        Dataset(
            source: URL(fileURLWithPath: "/nowhere"),
            labels: LabelSet(labels.map { DiagnosisLabel(id: $0, label: $0) }), samples: samples)
    }

    static func sample(
        _ id: String, _ labels: [Int], split: SplitName? = nil, patient: String? = nil, lesion: String? = nil
    ) -> DatasetSample {
        DatasetSample(
            id: id, images: [.file(URL(fileURLWithPath: "/nowhere/\(id)", isDirectory: false))], labels: labels,
            split: split, facts: SampleFacts(patientID: patient, lesionID: lesion))
    }
}

/// The shared data set folder, where it is present.
let sharedData: URL? = {
    let named = ProcessInfo.processInfo.environment["CUTIS_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let url = named ?? root.deletingLastPathComponent().appendingPathComponent("shared/data")
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
}()

/// A fixture's file.
func fixture(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
}
