import CutisCore
import CutisDatasets
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

    /// The images of a folder that `write` made, in the order of its table.
    static func read(_ folder: URL) throws -> LabelledImages {
        let dataset = try DatasetReader.read(folder, options: DatasetReadOptions(kind: .ham10000))
        return try LabelledImages(dataset, samples: Array(dataset.samples.indices))
    }

    /// A configuration that learns such images in seconds.
    static func configuration(
        _ data: URL, _ output: URL, _ overrides: [String] = []
    ) throws -> TrainingConfiguration {
        try TrainingConfiguration(
            yaml: """
                name: test
                output: "\(output.path)"
                seed: 20
                data: {path: "\(data.path)", kind: ham10000, grouping: lesion, split: {validation: 0.2, test: 0.2}}
                model: {architecture: resnet18, stem_width: 4, image_size: 32}
                augmentation: {crop: {scale: [0.5, 1]}, horizontal_flip: 0.5, color_jitter: {brightness: 0.1}}
                mixing: {probability: 0.3}
                batch_size: 12
                precision: fp32
                loss: {class_weights: balanced, label_smoothing: 0.05, focal: {class: mel}}
                schedule: {peak_rate: 1e-2, warm_up_epochs: 1, stages: [{epochs: 3}, {epochs: 3, image_size: 40}]}
                gradient_clip: 2
                ema: 0.9
                validation: {metric: mean_of_three, image_sizes: [32, 40]}
                loader: {workers: 1, cache: memory}
                replicas: 2
                """, overrides: overrides)
    }
}
