import CutisCore
import CutisImaging
import CutisTraining
import Foundation

/// Real data beside the repository; absent on most machines.
enum SharedData {
    /// `CUTIS_SHARED_DATA`, else `../shared/data` of the repository.
    static let folder: URL? = {
        let environment = ProcessInfo.processInfo.environment["CUTIS_SHARED_DATA"]
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let url =
            environment.map { URL(fileURLWithPath: $0) } ?? repository.appendingPathComponent("../shared/data")
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }()
}

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// Small synthetic data in the form of HAM10000: each class has its own colour, with noise, so that a network can
/// learn it in seconds.
enum SyntheticLesions {
    static let colours: [[Double]] = [
        [200, 60, 60], [60, 200, 60], [60, 60, 200], [200, 200, 60], [60, 200, 200], [200, 60, 200], [140, 140, 140],
    ]

    /// Writes `perClass` images of `side` pixels for each of the seven classes, every second lesion with two images.
    static func write(to folder: URL, perClass: Int, side: Int) throws {
        let images = folder.appendingPathComponent("images")
        try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
        var table = "image,dx,lesion_id,dx_type,age,sex,localization,source\n"
        var generator = SystemRandomNumberGenerator()
        for (label, entry) in LabelSet.ham10000.labels.enumerated() {
            for number in 0..<perClass {
                let name = "SYN_\(label)_\(number)"
                let pixels = (0..<(side * side * 3)).map { index in
                    UInt8(clamping: Int(colours[label][index % 3]) + Int.random(in: -40...40, using: &generator))
                }
                let image = try PixelBuffer(width: side, height: side, channels: 3, pixels: pixels)
                // The reader asks for .jpg; the decoder decides by content.
                try PNGEncoder.encode(image).write(to: images.appendingPathComponent("\(name).jpg"))
                let lesion = number % 3 == 2 ? number - 1 : number
                let age = number % 5 == 0 ? "" : "\(20 + number)"
                table += "\(name),\(entry.id),L_\(label)_\(lesion),histo,\(age),"
                table += "\(number % 2 == 0 ? "female" : "male"),\"back, left\",camera\(number % 2)\n"
            }
        }
        try Data(table.utf8).write(to: folder.appendingPathComponent("labels.csv"))
    }
}
