import CutisModels
import Foundation

/// A temporary folder with configuration files.
final class ConfigFolder {
    let url: URL

    init(_ files: [String: String] = [:]) throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for (name, text) in files { try write(name, text) }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
    }
}

extension ImportedConfiguration {
    /// The numbers of a vision transformer.
    var transformer: ViTConfig? {
        if case .visionTransformer(let config) = architecture { config } else { nil }
    }

    /// The numbers of a residual network.
    var residual: ResNetConfig? {
        if case .resNet(let config) = architecture { config } else { nil }
    }
}
