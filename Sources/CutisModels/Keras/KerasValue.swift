import CutisTensor

/// A tensor on its way through a Keras graph, with the mask that Keras attaches to it.
struct KerasTensor {
    let tensor: Tensor
    /// bool, [batch, steps]: which steps take part; nil where nothing is masked.
    var mask: Tensor?

    init(_ tensor: Tensor, mask: Tensor? = nil) {
        self.tensor = tensor
        self.mask = mask
    }
}

/// An argument of a layer call with its tensors filled in.
indirect enum KerasValue {
    case none
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case tensor(KerasTensor)
    case list([KerasValue])
    case slice(start: Int?, stop: Int?, step: Int?)
    case ellipsis

    /// The whole number, or nil.
    var whole: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number, or nil.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .flag(let value): value ? 1 : 0
        default: nil
        }
    }

    /// One whole number or a list of them, or nil.
    var wholes: [Int]? {
        if let value = whole { return [value] }
        guard case .list(let elements) = self else { return nil }
        let numbers = elements.compactMap(\.whole)
        return numbers.count == elements.count ? numbers : nil
    }

    var isNone: Bool {
        if case .none = self { return true }
        return false
    }
}

/// One call of a layer at run time.
struct KerasCall {
    let arguments: [KerasValue]
    let keywords: [String: KerasValue]
    /// The run that the call is part of.
    let run: KerasRun
    /// Under which name a layer notes its attention.
    let site: KerasProbe?

    init(
        _ arguments: [KerasValue], keywords: [String: KerasValue] = [:], run: KerasRun, site: KerasProbe? = nil
    ) {
        self.arguments = arguments
        self.keywords = keywords
        self.run = run
        self.site = site
    }

    /// Notes a layer's attention weights [batch, images, …] for whoever observes this run.
    func noteAttention(_ attention: Tensor) {
        guard let site else { return }
        run.observer?.note(attention, of: site)
    }

    /// An argument by place or name; nil where it is absent or Python's None.
    func value(_ index: Int, _ name: String) -> KerasValue? {
        let value = index < arguments.count ? arguments[index] : keywords[name]
        return value.flatMap { $0.isNone ? nil : $0 }
    }

    /// A tensor by place or name.
    func input(_ index: Int = 0, _ name: String = "inputs") throws(KerasFault) -> KerasTensor {
        guard case .tensor(let tensor) = value(index, name) else {
            throw KerasFault("argument \(index) (\(KerasName.quoted(name))) is no tensor")
        }
        return tensor
    }

    /// The tensors of the first argument, which is a list in the merging layers.
    func inputs() throws(KerasFault) -> [KerasTensor] {
        switch arguments.first {
        case .tensor(let tensor): return [tensor]
        case .list(let elements):
            let tensors = elements.compactMap { element -> KerasTensor? in
                guard case .tensor(let tensor) = element else { return nil }
                return tensor
            }
            guard tensors.count == elements.count, !tensors.isEmpty else { break }
            return tensors
        default: break
        }
        throw KerasFault("its first argument is no list of tensors")
    }

    /// The mask that a layer with a `mask` argument gets: the one that was handed over, else the attached one.
    func mask() -> Tensor? {
        if case .tensor(let mask) = keywords["mask"] { return mask.tensor }
        guard case .tensor(let input) = arguments.first else { return nil }
        return input.mask
    }
}

/// What a built layer does.
typealias KerasFunction = (KerasCall) throws -> [KerasTensor]
