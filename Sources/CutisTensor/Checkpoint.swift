import CTorch

/// The result of `body`, whose inner results are not kept for the backward pass but computed again there (activation
/// checkpointing, Chen et al. 2016): a second forward pass buys memory.
///
/// The gradients are the very bits of the direct computation. Without recording, or where nothing requires gradients, it
/// is the direct computation. Gradients of gradients do not pass.
///
/// - Parameters:
///   - inputs: what `body` is given.
///   - parameters: all leaves that `body` uses besides; those that require gradients get them.
///   - generator: what `body` draws from, whose state is that of the first time when it runs again. It draws from no
///     other.
///   - body: runs twice, the second time on the thread of the backward pass and with `true`: then it must not change
///     running statistics again.
/// - Throws: what `body` throws. A failure of the second run is the error of `Tensor.gradients`.
public func checkpointed(
    _ inputs: [Tensor], parameters: [Tensor], generator: Generator? = nil,
    _ body: @escaping (_ inputs: [Tensor], _ isAgain: Bool) throws -> Tensor
) throws -> Tensor {
    let recorded = inputs + parameters.filter(\.requiresGrad)
    guard isGradEnabled, recorded.contains(where: \.requiresGrad) else { return try body(inputs, false) }
    let context = CheckpointContext(inputs, recorded, generator, body)
    let handles = recorded.map(\.handle)
    let calls = CTCheckpoint(
        context: Unmanaged.passRetained(context).toOpaque(),
        forward: { context, out in CheckpointContext.of(context).forward(out) },
        backward: { context, gradient, out, message, capacity in
            let text = UnsafeMutableBufferPointer(start: message, count: capacity)
            return CheckpointContext.of(context).backward(gradient, out, text)
        },
        release: { Unmanaged<CheckpointContext>.fromOpaque($0).release() })
    do {
        return try withExtendedLifetime(recorded) { () throws(TensorError) in
            try produce("checkpointed", inputs) { ct_checkpoint(handles, handles.count, calls, $0) }
        }
    } catch {
        throw context.failure ?? error
    }
}

/// What a checkpointed computation keeps: its inputs, and how the first run was done.
///
/// The graph owns it. It is used by one thread at a time: by the recording one, then by that of the backward pass.
private final class CheckpointContext {
    private let inputs: [Tensor]
    private let recorded: [Tensor]
    private let generator: Generator?
    private let body: ([Tensor], Bool) throws -> Tensor
    private let device: Device
    private let precision: DType?
    private var generatorState: [UInt8] = []
    private(set) var failure: (any Error)?

    init(
        _ inputs: [Tensor], _ recorded: [Tensor], _ generator: Generator?,
        _ body: @escaping ([Tensor], Bool) throws -> Tensor
    ) {
        self.inputs = inputs
        self.recorded = recorded
        self.generator = generator
        self.body = body
        device = recorded.first?.device ?? .cpu
        precision = autocastType(device: device)
    }

    static func of(_ pointer: UnsafeMutableRawPointer) -> CheckpointContext {
        Unmanaged<CheckpointContext>.fromOpaque(pointer).takeUnretainedValue()
    }

    func forward(_ out: UnsafeMutablePointer<OpaquePointer?>) -> CTStatus {
        do {
            generatorState = try generator?.state() ?? []
            return try Self.hand(withoutGrad { try body(inputs, false) }, to: out)
        } catch {
            failure = error
            return CT_COMPUTE
        }
    }

    func backward(
        _ gradient: OpaquePointer, _ out: UnsafeMutablePointer<OpaquePointer?>,
        _ message: UnsafeMutableBufferPointer<CChar>
    ) -> CTStatus {
        do {
            for (place, found) in try gradients(produce("checkpointed", []) { ct_detach(gradient, $0) }).enumerated() {
                guard let found else { continue }
                let status = Self.hand(found, to: out + place)
                guard status == CT_OK else { return status }
            }
            return CT_OK
        } catch {
            let text = "\(error)".utf8CString
            for (place, byte) in zip(message.indices.dropLast(), text.dropLast()) { message[place] = byte }
            return CT_COMPUTE
        }
    }

    /// The gradient of each recorded tensor, nil for those that need none.
    private func gradients(_ gradient: Tensor) throws -> [Tensor?] {
        // Cut off from what came before, so that the engine goes no further than this part.
        let own = try inputs.map { try $0.detach().settingRequiresGrad($0.requiresGrad) }
        let leaves = own + recorded.dropFirst(inputs.count)
        let wanted = leaves.indices.filter { leaves[$0].requiresGrad }
        let result = try withGrad { try withAutocast(precision, device: device) { try again(own) } }
        let found = try Tensor.gradients(
            of: result, withRespectTo: wanted.map { leaves[$0] }, allowUnused: true, weights: gradient)
        var places = [Tensor?](repeating: nil, count: leaves.count)
        for (place, gradient) in zip(wanted, found) { places[place] = gradient }
        return places
    }

    /// Runs the body with the generator as it was the first time, and leaves it as it is now.
    private func again(_ inputs: [Tensor]) throws -> Tensor {
        guard let generator else { return try body(inputs, true) }
        let now = try generator.state()
        try generator.setState(generatorState)
        let result = try body(inputs, true)
        try generator.setState(now)
        return result
    }

    /// Writes a handle of its own, for the receiver to free.
    private static func hand(_ tensor: Tensor, to out: UnsafeMutablePointer<OpaquePointer?>) -> CTStatus {
        withExtendedLifetime(tensor) { ct_detach(tensor.handle, out) }
    }
}
