import CutisCore
package import CutisModels
import CutisTensor
import Foundation

/// Sorts trained weights into groups of one learning rate and one decay.
package enum ParameterGroups {
    /// The groups of a model.
    ///
    /// With a layer decay d, a weight of layer l (see `LayerPlan`) learns at d^(L − l) of the schedule's rate, L being
    /// the head's layer: the head at the whole rate, the patch embedding at d^(depth + 1) (Clark et al. 2020, Bao et al.
    /// 2021; timm's `param_groups_layer_decay`). Without decay stay, by option, all vectors (norms and biases), the
    /// class token, registers and positions.
    ///
    /// - Parameter trained: names and ranks of the trained weights, in the order that the optimiser has them.
    package static func of(
        _ configuration: ModelConfiguration, trained: [(name: String, rank: Int)], weightDecay: Double,
        skipsNorms: Bool = true, layerDecay: Double? = nil
    ) -> [ParameterGroup] {
        let plan = LayerPlan(configuration, names: trained.map(\.name))
        let undecayed: Set<String> = ["class_token", "position_embedding", "register_tokens"]
        var groups: [ParameterGroup] = []
        for (index, weight) in trained.enumerated() {
            let scale = layerDecay.map { pow($0, Double(plan.last - plan.layers[index])) } ?? 1
            let isExempt = skipsNorms && (weight.rank < 2 || undecayed.contains(weight.name))
            let decay = isExempt ? 0 : weightDecay
            if let group = groups.firstIndex(where: { $0.rateScale == scale && $0.weightDecay == decay }) {
                groups[group].indices.append(index)
            } else {
                groups.append(ParameterGroup(indices: [index], rateScale: scale, weightDecay: decay))
            }
        }
        return groups
    }
}

extension TrainableModel {
    /// The groups of the trained weights by a configuration; indices are positions in `trained`.
    package func parameterGroups(_ configuration: TrainingConfiguration) -> [ParameterGroup] {
        ParameterGroups.of(
            self.configuration, trained: trained.map { ($0.name, $0.tensor.rank) },
            weightDecay: configuration.optimizer.weightDecay, skipsNorms: configuration.optimizer.skipsNorms,
            layerDecay: configuration.model.layerDecay)
    }
}
