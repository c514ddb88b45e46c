/// The names of the groups in a Keras weights file.
package enum KerasNaming {
    /// The group name of a class, as `keras.src.utils.naming.to_snake_case` makes it.
    ///
    /// `LayerNormalization` gives `layer_normalization`, `GlobalAveragePooling1D` gives
    /// `global_average_pooling1d`: a digit does not part from the capital after it.
    package static func snakeCase(_ className: String) -> String {
        let letters = className.unicodeScalars.filter { $0.properties.isAlphabetic || isDigit($0) || $0 == "_" }
        let words = separateWords(Array(letters))
        var result = ""
        var previous: Unicode.Scalar?
        for letter in words {
            if let previous, isLower(previous), isUpper(letter) { result += "_" }
            result.unicodeScalars.append(letter)
            previous = letter
        }
        return result.lowercased()
    }

    /// The pattern `(.)([A-Z][a-z]+)`, replaced without overlap by `\1_\2`.
    private static func separateWords(_ letters: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var index = 0
        while index < letters.count {
            result.append(letters[index])
            let startsWord =
                index + 2 < letters.count && isUpper(letters[index + 1]) && isLower(letters[index + 2])
            index += 1
            guard startsWord else { continue }
            result += ["_", letters[index]]
            index += 1
            while index < letters.count, isLower(letters[index]) {
                result.append(letters[index])
                index += 1
            }
        }
        return result
    }

    private static func isUpper(_ letter: Unicode.Scalar) -> Bool { ("A"..."Z").contains(letter) }
    private static func isLower(_ letter: Unicode.Scalar) -> Bool { ("a"..."z").contains(letter) }
    private static func isDigit(_ letter: Unicode.Scalar) -> Bool { letter.properties.numericType != nil }
}

/// Gives each layer of one model its group: the class's name, and from the second of a class on a number.
struct KerasGroupCounter {
    private var used: [String: Int] = [:]

    /// The group of the next layer of a class.
    mutating func next(_ className: String) -> String {
        let name = KerasNaming.snakeCase(className)
        guard let earlier = used[name] else {
            used[name] = 0
            return name
        }
        used[name] = earlier + 1
        return "\(name)_\(earlier + 1)"
    }
}
