import CTorch

extension Tensor {
    /// Starts or stops recording what is done with this tensor, in place; returns it.
    ///
    /// Throws for integers, and for switching off the result of a recorded operation (`detach` it instead).
    @discardableResult
    public func settingRequiresGrad(_ on: Bool) throws(TensorError) -> Tensor {
        try check("settingRequiresGrad", [self]) { ct_tensor_set_requires_grad(self.handle, on) }
        return self
    }

    /// Gradients of `output` with respect to each of `inputs`, all of which it must depend on.
    ///
    /// - Parameters:
    ///   - weights: Factors of the output's elements, in its shape; without them the output has one element.
    ///   - retainGraph: Keeps the recorded graph for another call.
    ///   - createGraph: Records the gradients' own graph, for gradients of gradients.
    public static func gradients(
        of output: Tensor, withRespectTo inputs: [Tensor], weights: Tensor? = nil, retainGraph: Bool = false,
        createGraph: Bool = false
    ) throws(TensorError) -> [Tensor] {
        try gradients(
            of: output, withRespectTo: inputs, allowUnused: false, weights: weights, retainGraph: retainGraph,
            createGraph: createGraph
        ).compactMap(\.self)
    }

    /// As the simpler form; with `allowUnused`, an input that the output does not depend on gives nil.
    public static func gradients(
        of output: Tensor, withRespectTo inputs: [Tensor], allowUnused: Bool, weights: Tensor? = nil,
        retainGraph: Bool = false, createGraph: Bool = false
    ) throws(TensorError) -> [Tensor?] {
        let handles = inputs.map(\.handle)
        var results = [OpaquePointer?](repeating: nil, count: inputs.count)
        try withExtendedLifetime(inputs) { () throws(TensorError) in
            // A model has hundreds of inputs: the error names the output only.
            try check("gradients", [output, weights]) {
                ct_grad(
                    output.handle, weights?.handle, handles, handles.count, retainGraph, createGraph, allowUnused,
                    &results)
            }
        }
        return results.map { $0.map { Tensor(adopting: $0) } }
    }
}

/// Whether operations of this thread are recorded for gradients.
public var isGradEnabled: Bool { ct_grad_enabled() }

/// Runs `body` without recording. The mode belongs to the thread, so the scope is synchronous: nothing inside awaits.
public func withoutGrad<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
    try within(CT_GRAD_OFF, body)
}

/// Runs `body` with recording, inside a scope without.
public func withGrad<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
    try within(CT_GRAD_ON, body)
}

/// Runs `body` without recording and with less bookkeeping. Its tensors can never take part in a recorded operation.
public func withInferenceMode<R, E>(_ body: () throws(E) -> R) throws(E) -> R {
    try within(CT_GRAD_INFERENCE, body)
}

private func within<R, E>(_ mode: CTGradMode, _ body: () throws(E) -> R) throws(E) -> R {
    var scope: OpaquePointer?
    // Fails only where a few bytes cannot be allocated; then the thread's mode stays as it was.
    _ = ct_grad_scope_enter(mode, &scope)
    defer { ct_grad_scope_leave(scope) }
    return try body()
}
