package import CutisTensor

extension LossSettings {
    /// The same loss as the objectives take it.
    package var configuration: LossConfiguration {
        let weighting: LossConfiguration.Weighting =
            switch classWeights {
            case .none: .none
            case .power(let power): .balanced(power: power)
            case .list(let weights): .given(weights)
            }
        return LossConfiguration(
            weighting: weighting, labelSmoothing: labelSmoothing,
            focal: focal.map { .init(label: $0.label, weight: $0.weight, gamma: $0.gamma) })
    }
}

extension TrainingConfiguration {
    /// The loss of an epoch counted from 0: the section `loss` with what the stages have changed until then.
    package func loss(inEpoch epoch: Int) -> LossConfiguration {
        var loss = loss
        let begun = schedule.stages[...schedule.stage(ofEpoch: epoch)]
        if let smoothing = begun.compactMap(\.labelSmoothing).last { loss.labelSmoothing = smoothing }
        if let power = begun.compactMap(\.classWeightPower).last { loss.classWeights = .power(power) }
        return loss.configuration
    }

    /// The seed as generators take it.
    package var randomSeed: UInt64 { UInt64(seed) }

    /// How images are mixed in an epoch counted from 0.
    package func mixing(inEpoch epoch: Int) -> BatchMixing {
        schedule.stages[...schedule.stage(ofEpoch: epoch)].compactMap(\.mixing).last ?? mixing
    }

    /// The side of the training images in an epoch counted from 0, in pixels.
    package func imageSize(inEpoch epoch: Int) -> Int {
        schedule.stages[schedule.stage(ofEpoch: epoch)].imageSize ?? model.imageSize
    }
}

extension ScheduleConfiguration {
    /// The learning rate of a step of an epoch, both counted from 0.
    package func rate(epoch: Int, step: Int, stepsPerEpoch: Int) -> Double {
        let current = stage(ofEpoch: epoch)
        let first = (0...current).last { stages[$0].restartRate != nil } ?? 0
        let end = stages.indices.first { $0 > current && stages[$0].restartRate != nil } ?? stages.endIndex
        let begin = stages[..<first].reduce(0) { $0 + $1.epochs }
        let total = stages[first..<end].reduce(0) { $0 + $1.epochs } * stepsPerEpoch
        let warmUp = first == 0 ? Int((warmUpEpochs * Double(stepsPerEpoch)).rounded()) : 0
        let shape: LearningRateSchedule.Shape =
            switch decay {
            case .cosine: .cosine(steps: max(1, total - warmUp), finalShare: finalShare)
            case .step: .step(size: stepEpochs * stepsPerEpoch, factor: stepFactor)
            case .constant: .constant
            }
        let schedule = LearningRateSchedule(
            peak: stages[first].restartRate ?? peakRate, warmUp: .init(steps: warmUp), shape: shape)
        return schedule.rate(at: (epoch - begin) * stepsPerEpoch + step)
    }
}

extension OptimiserConfiguration {
    /// The optimiser of these parameters; each belongs to one group.
    package func make(_ parameters: [Tensor], groups: [ParameterGroup]) throws(TensorError) -> any Optimiser {
        switch kind {
        case .adamW:
            try AdamW(parameters, groups: groups, constants: .init(beta1: beta1, beta2: beta2, epsilon: epsilon))
        case .sgd: try SGD(parameters, groups: groups, constants: .init(momentum: momentum, nesterov: nesterov))
        }
    }
}
