import CutisTensor

/// What the generator of tensor_ops.json applies, case by case and in its order.
let operations: [String: @Sendable ([Tensor]) throws -> [Tensor]] = [
    "arithmetic": { t in
        let (a, b) = (t[0], t[1])
        return try [
            a + b, a - b, a * b, a / b, a.maximum(b), a.minimum(b), a.atan2(b), a.lerp(b.expand(a.shape), 0.3),
            b.pow(a),
            a.abs().pow(1.5), 2 - a, 1 / b,
        ]
    },
    "integers": { t in
        let i = t[0]
        return try [
            i + 2, i * 3, i / 2, i + 0.5, i.remainder(4), i.floorDivide(4), i.sum(), i.abs().bincount(),
        ]
    },
    "functions": { t in
        let (x, p) = (t[0], t[1])
        return try [
            x.abs(), x.sign(), x.floor(), x.ceil(), x.round(), x.exp(), x.expm1(), p.log(), p.log1p(), p.sqrt(),
            p.rsqrt(), x.reciprocal(), x.square(), x.sin(), x.cos(), x.erf(), p.erfinv(), -x,
        ]
    },
    "activations": { t in
        let (x, w) = (t[0], t[1])
        return try [
            x.tanh(), x.sigmoid(), x.logSigmoid(), x.relu(), x.leakyRelu(slope: 0.1), x.prelu(w), x.elu(alpha: 1.3),
            x.gelu(), x.gelu(approximate: true), x.quickGelu(), x.silu(), x.softplus(), x.softmax(dim: 1),
            x.logSoftmax(dim: 0),
        ]
    },
    "comparisons": { t in
        let (c, d) = (t[0], t[1])
        return try [
            c.eq(d), c.ne(d), c.lt(d), c.le(d), c.gt(d), c.ge(d), c.eq(2), c.ne(2), c.lt(2), c.le(2), c.gt(2), c.ge(2),
            c.gt(1).logicalAnd(c.lt(3)), c.lt(2).logicalOr(c.gt(2)), c.gt(1).logicalNot(), .where(c.gt(2), c, -d),
            c.maskedFill(c.gt(2), 9), c.clamp(min: 1.5, max: 2.5), c.clamp(min: 2), c.clamp(max: 2),
        ]
    },
    "reductions": { t in
        let x = t[0]
        let top = try x.topk(2, dim: 1)
        let sorted = try x.sort(dim: 2, descending: true)
        let small = try x.topk(3, largest: false)
        return try [
            x.sum(), x.sum([0, 2]), x.mean([1], keepdim: true), x.prod(), x.max([1]), x.min(), x.variance([2]),
            x.std([0, 1]), x.variance([2], correction: 0), x.logsumexp([1]), x.logsumexp(), x.norm([2]),
            x.norm(order: 1), x.normalized(), x.argmax(dim: 2), x.argmin(dim: 0, keepdim: true), x.cumsum(dim: 1),
            top.values, top.indices, sorted.values, sorted.indices, small.values, small.indices,
        ]
    },
    "products": { t in
        let (x, w, b, y) = (t[0], t[1], t[2], t[3])
        return try [
            x.linear(w, b), x.linear(w), x.matmul(y), x.matmul(x.transpose(1, 2)), .einsum("bij,bkj->ikb", [x, x]),
        ]
    },
    "attention": { t in
        let (q, k, v, mask, bias) = (t[0], t[1], t[2], t[3], t[4])
        return try [
            .scaledDotProductAttention(q, k, v), .scaledDotProductAttention(q, k, v, mask: mask),
            .scaledDotProductAttention(q, k, v, mask: bias), .scaledDotProductAttention(q, k, v, scale: 0.5),
            .scaledDotProductAttention(k, k, v, causal: true),
        ]
    },
    "convolutions": { t in
        let (x, w, b, g, transposed) = (t[0], t[1], t[2], t[3], t[4])
        return try [
            x.conv2d(w, b), x.conv2d(w, b, stride: 2, padding: 1),
            x.conv2d(
                w, stride: Size2D(height: 2, width: 1), padding: Size2D(height: 1, width: 2), dilation: 2),
            x.conv2d(g, b, groups: 2), x.convTranspose2d(transposed),
            x.convTranspose2d(transposed, stride: 2, padding: 1, outputPadding: 1),
        ]
    },
    "pools": { t in
        let x = t[0]
        let pooled = try x.maxPool2dWithIndices(2)
        return try [
            x.maxPool2d(3, stride: 2, padding: 1), x.maxPool2d(Size2D(height: 3, width: 2), stride: 2, ceil: true),
            pooled.values, pooled.indices, pooled.values.maxUnpool2d(pooled.indices, size: Size2D(height: 7, width: 6)),
            x.avgPool2d(3, stride: 2, padding: 1), x.avgPool2d(3, stride: 2, padding: 1, countPadding: false),
            x.adaptiveAvgPool2d(1), x.adaptiveAvgPool2d(Size2D(height: 4, width: 3)),
        ]
    },
    "norms": { t in
        let (x, w, b, mean, variance) = (t[0], t[1], t[2], t[3], t[4])
        let (runningMean, runningVar) = (try mean.clone(), try variance.clone())
        let trained = try x.batchNorm(
            weight: w, bias: b, runningMean: runningMean, runningVar: runningVar, training: true, momentum: 0.2,
            eps: 1e-3)
        return try [
            x.batchNorm(weight: w, bias: b, runningMean: mean, runningVar: variance), trained, runningMean, runningVar,
            x.layerNorm([4, 5], weight: t[5], bias: t[6], eps: 1e-6), x.layerNorm([5]),
            x.groupNorm(2, weight: w, bias: b),
        ]
    },
    "interpolation": { t in
        let x = t[0]
        return try [
            x.interpolate(size: [7, 4], mode: .nearest), x.interpolate(size: [7, 4], mode: .nearestExact),
            x.interpolate(size: [7, 4], mode: .bilinear),
            x.interpolate(size: [7, 4], mode: .bilinear, alignCorners: true),
            x.interpolate(size: [7, 4], mode: .bicubic),
            x.interpolate(size: [3, 4], mode: .bilinear, antialias: true),
            x.interpolate(size: [3, 9], mode: .bicubic, antialias: true),
            x.interpolate(size: [7, 4], mode: .bilinear, scales: [1.42, 0.7]),
            x.interpolate(size: [7, 4], mode: .bicubic, antialias: true, scales: [1.42, 0.7]),
        ]
    },
    "grids": { t in
        let (x, theta) = (t[0], t[1])
        let grid = try theta.affineGrid(size: [2, 2, 4, 3], alignCorners: false)
        return try [
            grid, theta.affineGrid(size: [2, 2, 4, 3], alignCorners: true), x.gridSample(grid, alignCorners: false),
            x.gridSample(grid, padding: .border, alignCorners: true),
            x.gridSample(grid, mode: .nearest, alignCorners: false),
            x.gridSample(grid, mode: .bicubic, padding: .reflection, alignCorners: false),
        ]
    },
    "padding": { t in
        let x = t[0]
        return try [
            x.pad([1, 2]), x.pad([1, 0, -1, 2], mode: .constant(0.5)), x.pad([2, 1, 1, 2], mode: .reflect),
            x.pad([2, 1, 1, 2], mode: .replicate), x.pad([2, 1, 1, 2], mode: .circular),
        ]
    },
    "losses": { t in
        let (logits, classes, weight, soft, target, z, q) = (t[0], t[1], t[2], t[3], t[4], t[5], t[6])
        return try [
            logits.crossEntropy(classes), logits.crossEntropy(classes, weight: weight, labelSmoothing: 0.1),
            logits.crossEntropy(classes, reduction: .none), logits.crossEntropy(soft, weight: weight),
            logits.logSoftmax(dim: 1).nllLoss(classes, weight: weight, reduction: .sum),
            z.binaryCrossEntropyWithLogits(target),
            z.binaryCrossEntropyWithLogits(target, weight: q, posWeight: weight), q.binaryCrossEntropy(target),
            q.binaryCrossEntropy(target, weight: z.abs(), reduction: .sum), z.mseLoss(target),
            z.l1Loss(target, reduction: .sum), z.smoothL1Loss(target, beta: 0.5),
            logits.logSoftmax(dim: 1).klDivergence(soft, reduction: .sum),
            logits.logSoftmax(dim: 1).klDivergence(soft.log(), logTarget: true), z.cosineSimilarity(q),
        ]
    },
    "gradients": { t in
        let parameters = Array(t[2...])
        for parameter in parameters { try parameter.settingRequiresGrad(true) }
        let (mean, variance) = (try Tensor.zeros([5]), try Tensor.ones([5]))
        let normalised = try t[0].conv2d(parameters[0], padding: 1).batchNorm(
            weight: parameters[1], bias: parameters[2], runningMean: mean, runningVar: variance, training: true)
        let features = try normalised.relu().maxPool2d(2).mean([2, 3])
        let loss = try features.linear(parameters[3], parameters[4]).crossEntropy(t[1])
        return try [loss] + Tensor.gradients(of: loss, withRespectTo: parameters) + [mean, variance]
    },
    "adamw": { t in
        try optimised(
            t, clip: 4,
            adam: .init(learningRate: 0.05, beta1: 0.8, beta2: 0.95, weightDecay: 0.1))
    },
    "adam": { t in try optimised(t, adam: .init(learningRate: 0.05, weightDecay: 0.1, decoupled: false)) },
    "sgd": { t in try optimised(t, sgd: .init(learningRate: 0.05, momentum: 0.9, weightDecay: 0.1)) },
    "nesterov": { t in try optimised(t, sgd: .init(learningRate: 0.05, momentum: 0.9, nesterov: true)) },
    "random": { t in
        func fresh() throws -> Generator { try Generator(seed: 123) }
        let (uniform, normal) = (try Tensor.empty([5]), try Tensor.empty([5]))
        try uniform.uniformInPlace(-2, 3, generator: fresh())
        try normal.normalInPlace(mean: 1, deviation: 2, generator: fresh())
        return try [
            .rand([4], generator: fresh()), .randn([5], generator: fresh()), .randn([20], generator: fresh()),
            .randint(-3..<9, shape: [6], generator: fresh()), .randperm(9, generator: fresh()),
            t[0].multinomial(12, replacement: true, generator: fresh()),
            uniform, normal,
        ]
    },
]

/// Two parameters after three steps; `t` holds them, then two gradients for each step.
private func optimised(
    _ t: [Tensor], clip: Double? = nil, adam: TensorList.Adam? = nil, sgd: TensorList.SGD? = nil
) throws -> [Tensor] {
    let parameters = try t[..<2].map { try $0.clone().settingRequiresGrad(true) }
    let averages = try parameters.map { try $0.zerosLike() }
    let squares = try parameters.map { try $0.zerosLike() }
    let steps = try parameters.map { _ in try Tensor.scalar(0) }
    try withoutGrad { () throws(TensorError) in
        for step in 0..<3 {
            let gradients = Array(t[(2 + 2 * step)..<(4 + 2 * step)])
            if let clip { _ = try TensorList.clipNorm(gradients, maximum: clip) }
            if let adam {
                try TensorList.adamStep(
                    parameters, gradients: gradients, averages: averages, squareAverages: squares, steps: steps, adam)
            }
            if let sgd {
                try TensorList.sgdStep(
                    parameters, gradients: gradients, buffers: averages, isFirstStep: step == 0, sgd)
            }
        }
    }
    return parameters
}
