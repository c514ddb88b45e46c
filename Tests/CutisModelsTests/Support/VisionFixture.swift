import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation

/// The fixtures that Tools/fixtures/vision_models.py and vision_names.py wrote.
enum VisionFixture {
    static let root = Bundle.module.resourceURL?.appendingPathComponent("Fixtures") ?? URL(fileURLWithPath: "Fixtures")

    static func folder(_ name: String) -> URL { root.appendingPathComponent("vision/\(name)") }

    /// The reference outputs of the original library.
    static func reference(_ name: String) throws -> SafetensorsArchive {
        try SafetensorsArchive(folder(name).appendingPathComponent("reference.safetensors"))
    }

    /// Opens a checkpoint: a file of the folder, or the folder itself.
    ///
    /// The fixtures are too narrow for the rule of 64 numbers a head, so torchvision's, which have no configuration
    /// file, need to be told.
    static func open(
        _ name: String, _ file: String? = nil, heads: Int? = nil
    ) throws -> (archive: any TensorArchive, configuration: ImportedConfiguration) {
        try ConfigurationReader.open(
            file.map { folder(name).appendingPathComponent($0) } ?? folder(name),
            heads: heads ?? (name == "torchvision-vit" ? 4 : nil))
    }

    /// Loads a vision transformer by the configuration that was read.
    static func transformer(_ name: String, _ file: String? = nil) throws -> VisionTransformer {
        let (archive, configuration) = try open(name, file)
        guard case .visionTransformer(let config) = configuration.architecture else { throw Wrong.architecture }
        let reader = WeightReader(archive: archive, layout: configuration.layout)
        let model = try VisionTransformer(config, reader)
        try reader.finish()
        return model
    }

    /// Loads a residual network by the configuration that was read.
    static func resNet(_ name: String, _ file: String? = nil, trainable: Bool = false) throws -> ResNet {
        let (archive, configuration) = try open(name, file)
        guard case .resNet(let config) = configuration.architecture else { throw Wrong.architecture }
        let reader = WeightReader(archive: archive, layout: configuration.layout, trainable: trainable)
        let model = try ResNet(config, reader)
        try reader.finish()
        return model
    }

    enum Wrong: Error { case architecture }
}

extension TensorArchive {
    /// A float32 tensor of the archive.
    func tensor(_ name: String) throws -> Tensor {
        let data = try data(for: name)
        return try Tensor.mapped(
            data.baseAddress, shape: data.description.shape, dtype: .float32, owner: data.owner)
    }

    func has(_ name: String) -> Bool { tensors[name] != nil }
}

/// Names and shapes without numbers.
struct NamesOnly: TensorArchive {
    var path = "names"
    let format = FileFormat.safetensors
    let metadata: [String: String] = [:]
    var tensors: [String: TensorDescription]

    /// Names and shapes of float32 tensors.
    init(_ shapes: [String: [Int]]) {
        tensors = shapes.reduce(into: [:]) { result, entry in
            result[entry.key] = TensorDescription(name: entry.key, elementType: .float32, shape: entry.value)
        }
    }

    /// The tensors of a full-size model.
    init(model name: String) throws {
        struct File: Decodable {
            let blocks: [String: Int]
            let tensors: [String: Entry]
        }
        struct Entry: Decodable {
            let type: ElementType
            let shape: [Int]

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                type = try container.decode(ElementType.self)
                shape = try container.decode([Int].self)
            }
        }
        let url = VisionFixture.root.appendingPathComponent("names/\(name).json")
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
        tensors = [:]
        for (pattern, entry) in file.tensors {
            let tower = pattern.components(separatedBy: "{i}")[0]
            for index in 0..<(pattern.contains("{i}") ? file.blocks[tower] ?? 0 : 1) {
                let key = pattern.replacingOccurrences(of: "{i}", with: String(index))
                tensors[key] = TensorDescription(name: key, elementType: entry.type, shape: entry.shape)
            }
        }
    }

    func data(for name: String) throws(CutisError) -> TensorData {
        throw CutisError(.checkpointCorrupt, "no numbers here", remedy: "")
    }
}
