import CTorch

/// A source of random numbers with its own seed and state: the same seed gives the same tensors.
///
/// On the CPU it is PyTorch's mt19937, of whose seed the low 32 bits count. Not `Sendable`: give each thread its own.
public final class Generator {
    let handle: OpaquePointer
    /// The device whose tensors it fills.
    public let device: Device

    /// A generator for tensors of `device`; throws where the device is absent.
    public init(seed: UInt64, device: Device = .cpu) throws(TensorError) {
        handle = try produceHandle("Generator", []) { ct_generator_create(seed, device.code, $0) }
        self.device = device
    }

    deinit { ct_generator_free(handle) }

    /// Starts the sequence anew from `seed`.
    public func reseed(_ seed: UInt64) throws(TensorError) {
        try withExtendedLifetime(self) { () throws(TensorError) in
            try check("Generator.reseed", []) { ct_generator_seed(handle, seed) }
        }
    }

    /// The state, to go on from here later (in a checkpoint, say).
    public func state() throws(TensorError) -> [UInt8] {
        try withExtendedLifetime(self) { () throws(TensorError) in
            try produce("Generator.state", []) { ct_generator_state(handle, $0) }.uint8s()
        }
    }

    /// Goes on from a state of a generator for the same kind of device; throws where the bytes are no such state.
    public func setState(_ state: [UInt8]) throws(TensorError) {
        let bytes = try Tensor(state)
        try withExtendedLifetime(self) { () throws(TensorError) in
            try check("Generator.setState", [bytes]) { ct_generator_set_state(handle, bytes.handle) }
        }
    }
}

@available(*, unavailable, message: "give each thread a generator of its own")
extension Generator: Sendable {}
