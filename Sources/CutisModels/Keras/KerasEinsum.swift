import CutisTensor

/// An equation of an Einstein summation, checked before anything is computed.
struct KerasEinsum {
    /// The labels of the operands' axes; an ellipsis is kept as three dots.
    let operands: [[Character]]
    private let output: [Character]
    private let equation: String

    /// Parses an explicit equation such as `bn,bnd->bd` or `...x,xy->...y`.
    init(_ text: String) throws(KerasFault) {
        let plain = text.filter { $0 != " " }
        let sides = plain.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard plain.utf8.count <= 64, sides.count == 2, sides[1].first == ">" else {
            throw .unsupported("the equation \(KerasName.quoted(text))")
        }
        operands = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
        output = Array(sides[1].dropFirst())
        equation = plain
        for labels in operands + [output] {
            let letters = labels.filter { $0 != "." }
            let dots = labels.count - letters.count
            let isSound =
                letters.allSatisfy { $0.isASCII && $0.isLetter } && (dots == 0 || String(labels).contains("..."))
                && (dots == 0 || dots == 3) && Set(letters).count == letters.count
            guard isSound else { throw .unsupported("the equation \(KerasName.quoted(text))") }
        }
        let known = Set(operands.joined())
        guard output.allSatisfy(known.contains) else { throw .unsupported("the equation \(KerasName.quoted(text))") }
    }

    /// Computes the sum, after a check of the size of the result and of every intermediate product.
    func callAsFunction(_ tensors: [Tensor]) throws -> Tensor {
        guard tensors.count == operands.count else {
            throw KerasFault("the equation has \(operands.count) operands and gets \(tensors.count)")
        }
        var sizes: [Character: Int] = [:]
        var ellipsis: [Int] = []
        for (labels, tensor) in zip(operands, tensors) {
            let letters = labels.filter { $0 != "." }
            let extra = tensor.rank - letters.count
            guard extra >= 0, extra == 0 || letters.count < labels.count else {
                throw KerasFault("an operand of shape \(tensor.shape) does not fit \(String(labels))")
            }
            let start = labels.firstIndex(of: ".") ?? labels.count
            if extra > 0 {
                ellipsis = try KerasLimits.broadcast(ellipsis, Array(tensor.shape[start..<(start + extra)]))
            }
            for (place, letter) in letters.enumerated() {
                let size = tensor.shape[place < start ? place : place + extra]
                if let known = sizes[letter], known != size {
                    throw KerasFault("the equation gives \(letter) the sizes \(known) and \(size)")
                }
                sizes[letter] = size
            }
        }
        // LibTorch contracts two operands at once; of more, a pair in between may be as large as all axes together.
        try KerasLimits.check(ellipsis + output.filter { $0 != "." }.compactMap { sizes[$0] })
        if operands.count > 2 { try KerasLimits.check(ellipsis + sizes.values) }
        return try Tensor.einsum(equation, tensors)
    }
}
