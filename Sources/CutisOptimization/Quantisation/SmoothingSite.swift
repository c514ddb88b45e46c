package import CutisModels

/// Where a layer's input can be made smaller channel by channel: the tensors before it that are divided by what the
/// layer's weight is multiplied by, so that the network computes the same (Xiao et al. 2023).
package struct SmoothingSite: Hashable {
    /// A run of channels of a tensor.
    package struct Target: Hashable {
        /// The canonical name of the tensor.
        package let tensor: String
        /// The first channel, along the tensor's first dimension.
        package let start: Int
    }

    /// What is divided.
    package let targets: [Target]

    /// The site of a layer; nil where something that is not linear stands between it and what is before it.
    package init?(of layer: String, in configuration: ModelConfiguration) {
        switch configuration {
        case .visionTransformer(let config):
            guard let targets = Self.targets(of: layer, config) else { return nil }
            self.targets = targets
        case .resNet:
            // ReLU is positively homogeneous: relu(x / s) = relu(x) / s.
            let parts = layer.split(separator: ".").map(String.init)
            guard let last = parts.last, last.hasPrefix("conv"), let number = Int(last.dropFirst(4)), number > 1 else {
                return nil
            }
            let norm = (parts.dropLast() + ["bn\(number - 1)"]).joined(separator: ".")
            targets = [Target(tensor: "\(norm).weight", start: 0), Target(tensor: "\(norm).bias", start: 0)]
        }
    }

    private static func targets(of layer: String, _ config: ViTConfig) -> [Target]? {
        let parts = layer.split(separator: ".").map(String.init)
        guard parts.count == 4 else { return nil }
        let block = parts[..<2].joined(separator: ".")
        func both(_ name: String, start: Int, bias: Bool = true) -> [Target] {
            [Target(tensor: "\(block).\(name).weight", start: start)]
                + (bias ? [Target(tensor: "\(block).\(name).bias", start: start)] : [])
        }
        switch parts[2...].joined(separator: ".") {
        case "attention.qkv": return both("norm1", start: 0)
        // Attention is linear in the values, the last third of q, k and v.
        case "attention.projection": return both("attention.qkv", start: 2 * config.width, bias: config.qkvBias)
        case "mlp.fc1": return both("norm2", start: 0)
        // silu(a) · b is linear in b, the second half.
        case "mlp.fc2" where config.activation == .swiGLU: return both("mlp.fc1", start: config.mlpWidth)
        default: return nil
        }
    }
}
