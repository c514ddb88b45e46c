import CutisFormats

/// How a canonical weight is made from the tensors of a checkpoint.
///
/// Names are templates (`KeyPattern`); the placeholders take the values that they have in the canonical name. A source
/// is data: it can be printed, compared and checked without reading a number.
public indirect enum WeightSource: Sendable, Hashable {
    /// The tensor of that name, as it is.
    case same(String)
    /// Several sources, one behind the other along a dimension (separate q, k, v into one packed matrix).
    case concat([WeightSource], dimension: Int = 0)
    /// A matrix with rows and columns exchanged.
    case transpose(WeightSource)
    /// The same elements in the shape that the model asks for (a vector as [1, 1, width]).
    case reshape(WeightSource)
    /// Part `part` of `count` equal parts along a dimension.
    case slice(WeightSource, dimension: Int, part: Int, of: Int)
    /// The sum of several sources of one shape.
    case add([WeightSource])
    /// Zeros in the shape that the model asks for: a term that this layout does not have.
    case zeros
    /// The first of several spellings that the checkpoint holds.
    case firstOf([WeightSource])
}

extension WeightSource: CustomStringConvertible, ExpressibleByStringLiteral {
    /// A name alone is `same`.
    public init(stringLiteral value: String) { self = .same(value) }

    /// One line, such as `concat0(query.weight, key.weight, value.weight)`.
    public var description: String {
        func list(_ parts: [WeightSource]) -> String { parts.map(\.description).joined(separator: ", ") }
        return switch self {
        case .same(let name): name
        case .concat(let parts, let dimension): "concat\(dimension)(\(list(parts)))"
        case .transpose(let part): "transpose(\(part))"
        case .reshape(let part): "reshape(\(part))"
        case .slice(let part, let dimension, let index, let count):
            "slice\(dimension)(\(part), \(index) of \(count))"
        case .add(let parts): "add(\(list(parts)))"
        case .zeros: "zeros"
        case .firstOf(let parts): parts.map(\.description).joined(separator: " | ")
        }
    }
}

extension WeightSource {
    /// The same source with every placeholder replaced.
    func expanded(_ captures: KeyPattern.Captures) -> WeightSource {
        switch self {
        case .same(let template): .same(KeyPattern(template).expand(captures))
        case .concat(let parts, let dimension): .concat(parts.map { $0.expanded(captures) }, dimension: dimension)
        case .transpose(let part): .transpose(part.expanded(captures))
        case .reshape(let part): .reshape(part.expanded(captures))
        case .slice(let part, let dimension, let index, let count):
            .slice(part.expanded(captures), dimension: dimension, part: index, of: count)
        case .add(let parts): .add(parts.map { $0.expanded(captures) })
        case .zeros: .zeros
        case .firstOf(let parts): .firstOf(parts.map { $0.expanded(captures) })
        }
    }

    /// The same source with every choice between spellings made by what exists; the first where nothing does.
    func resolved(_ exists: (String) -> Bool) -> WeightSource {
        switch self {
        case .same, .zeros: self
        case .concat(let parts, let dimension): .concat(parts.map { $0.resolved(exists) }, dimension: dimension)
        case .transpose(let part): .transpose(part.resolved(exists))
        case .reshape(let part): .reshape(part.resolved(exists))
        case .slice(let part, let dimension, let index, let count):
            .slice(part.resolved(exists), dimension: dimension, part: index, of: count)
        case .add(let parts): .add(parts.map { $0.resolved(exists) })
        case .firstOf(let parts):
            (parts.first { $0.resolved(exists).keys.allSatisfy(exists) } ?? parts.first ?? .zeros).resolved(exists)
        }
    }

    /// The names of the tensors that the source reads.
    public var keys: [String] {
        switch self {
        case .same(let name): [name]
        case .zeros: []
        case .transpose(let part), .reshape(let part), .slice(let part, _, _, _): part.keys
        case .concat(let parts, _), .add(let parts), .firstOf(let parts): parts.flatMap(\.keys)
        }
    }

    /// Whether the tensor of the file serves as it is.
    var isPlain: Bool { if case .same = self { true } else { false } }

    /// The shape of the result.
    ///
    /// - Parameters:
    ///   - wanted: the shape that the model asks for; what `zeros` and `reshape` give.
    ///   - stored: the shape of a tensor of the file.
    /// - Returns: nil where the parts do not fit together (or a key is absent).
    func shape(wanted: [Int], stored: (String) -> [Int]?) -> [Int]? {
        switch self {
        case .same(let name): return stored(name)
        case .zeros: return wanted
        case .transpose(let part):
            guard let shape = part.shape(wanted: wanted, stored: stored), shape.count == 2 else { return nil }
            return [shape[1], shape[0]]
        case .reshape(let part):
            guard let shape = part.shape(wanted: wanted, stored: stored) else { return nil }
            // The part's own shape tells more in a message than the wanted one would.
            let count = TensorDescription.elementCount(wanted)
            return count != nil && count == TensorDescription.elementCount(shape) ? wanted : shape
        case .slice(let part, let dimension, _, let count):
            guard var shape = part.shape(wanted: wanted, stored: stored), dimension < shape.count, count > 0,
                shape[dimension] % count == 0
            else { return nil }
            shape[dimension] /= count
            return shape
        case .concat(let parts, let dimension):
            let shapes = parts.compactMap { $0.shape(wanted: wanted, stored: stored) }
            guard shapes.count == parts.count, var joined = shapes.first, dimension < joined.count else { return nil }
            for shape in shapes.dropFirst() {
                guard shape.count == joined.count else { return nil }
                for axis in shape.indices where axis != dimension && shape[axis] != joined[axis] { return nil }
                let (sum, overflow) = joined[dimension].addingReportingOverflow(shape[dimension])
                guard !overflow else { return nil }
                joined[dimension] = sum
            }
            return joined
        case .add(let parts):
            let shapes = parts.compactMap { $0.shape(wanted: wanted, stored: stored) }
            guard shapes.count == parts.count, let first = shapes.first else { return nil }
            return shapes.allSatisfy { $0 == first } ? first : nil
        case .firstOf(let parts): return parts.first?.shape(wanted: wanted, stored: stored)
        }
    }
}
