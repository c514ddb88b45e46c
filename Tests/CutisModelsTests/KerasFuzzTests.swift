import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation
import Testing

/// Random damage to real graphs: an error or an answer, never a crash and never a long wait.
@Suite struct KerasFuzzTests {
    @Test(arguments: [
        "raw_ops", "gated_functional", "nested", "custom_layers", "self_attention", "more_ops", "sequential",
    ])
    func mutatedGraphs(_ name: String) throws {
        let file = try KerasModelFile(HeadFixtures.keras(name))
        var numbers = SeededNumbers(state: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        let words = [
            "null", "-1", "0", "1e308", "9223372036854775807", "[]", "{}", "\"\"", "true", "-Infinity", "[0, 0]", "3",
            "\"Dense\"", "\"keras.src.ops.numpy\"", "\"bag\"", "[null, null]",
        ].map { Array($0.utf8) }
        var refused = 0
        let rounds = 1000
        let start = ContinuousClock.now
        for _ in 0..<rounds {
            var bytes = [UInt8](file.config)
            for _ in 0..<Int.random(in: 1...3, using: &numbers) { mutate(&bytes, words, &numbers) }
            do {
                let graph = try KerasGraph(config: Data(bytes), archive: file.weights)
                _ = try graph(bag: Tensor.ones([2, 2, graph.inputWidth]))
            } catch let error as CutisError {
                refused += 1
                #expect(!error.message.isEmpty && !error.remedy.isEmpty)
            }
        }
        let elapsed = ContinuousClock.now - start
        #expect(refused > rounds / 4)
        #expect(elapsed < .seconds(120))
    }

    /// Sound JSON with values exchanged: gets past the parser and into the graph.
    @Test(arguments: [
        "raw_ops", "batch_norm", "nested", "custom_weights", "masked_self_attention", "more_ops", "lists_and_shapes",
    ])
    func exchangedValues(_ name: String) throws {
        let file = try KerasModelFile(HeadFixtures.keras(name))
        let whole = try KerasJSONParser.parse(file.config)
        var values: [KerasJSON] = [
            .null, .integer(-1), .integer(0), .integer(3), .integer(.max), .integer(1 << 40), .number(.infinity),
            .number(.nan),
            .string("relu"), .array([]), .object([:]), .bool(true), .array([.integer(0), .integer(1), .integer(-2)]),
        ]
        collect(whole, into: &values)
        var numbers = SeededNumbers(state: name.utf8.reduce(11) { $0 &* 31 &+ UInt64($1) })
        var answered = 0
        let rounds = 250
        let start = ContinuousClock.now
        var longest = Duration.zero
        for _ in 0..<rounds {
            let begin = ContinuousClock.now
            defer { longest = max(longest, ContinuousClock.now - begin) }
            var tree = whole
            for _ in 0..<Int.random(in: 1...2, using: &numbers) { tree = exchanged(tree, values, &numbers) }
            do {
                let graph = try KerasGraph(config: Data(text(tree).utf8), archive: file.weights)
                _ = try graph(bag: Tensor.ones([2, 2, graph.inputWidth]))
                answered += 1
            } catch let error as CutisError {
                #expect(!error.message.isEmpty && !error.remedy.isEmpty)
            }
        }
        let elapsed = ContinuousClock.now - start
        print("fuzz \(name): \(answered) of \(rounds) answered in \(elapsed), the longest \(longest)")
        #expect(answered < rounds)
        #expect(longest < .seconds(5))
    }

    private func collect(_ value: KerasJSON, into values: inout [KerasJSON]) {
        values.append(value)
        value.elements?.forEach { collect($0, into: &values) }
        value.members?.sorted { $0.key < $1.key }.forEach { collect($0.value, into: &values) }
    }

    /// The tree with one value replaced; a walk from the root ends anywhere.
    private func exchanged(_ tree: KerasJSON, _ values: [KerasJSON], _ numbers: inout SeededNumbers) -> KerasJSON {
        switch tree {
        case .array(var elements) where !elements.isEmpty && Int.random(in: 0..<20, using: &numbers) > 0:
            let place = Int.random(in: 0..<elements.count, using: &numbers)
            elements[place] = exchanged(elements[place], values, &numbers)
            return .array(elements)
        case .object(var members) where !members.isEmpty && Int.random(in: 0..<20, using: &numbers) > 0:
            let key = members.keys.sorted()[Int.random(in: 0..<members.count, using: &numbers)]
            if Int.random(in: 0..<20, using: &numbers) == 0 {
                members[key] = nil
            } else {
                members[key] = exchanged(members[key] ?? .null, values, &numbers)
            }
            return .object(members)
        default: return values[Int.random(in: 0..<values.count, using: &numbers)]
        }
    }

    private func text(_ value: KerasJSON) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): String(flag)
        case .integer(let number): String(number)
        case .number(let number):
            number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)"
        case .string(let string):
            "\"\(string.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
        case .array(let elements): "[\(elements.map(text).joined(separator: ","))]"
        case .object(let members):
            "{\(members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\(text($0.value))" }.joined(separator: ","))}"
        }
    }

    /// Replaces a value, deletes or repeats a stretch, exchanges two quoted words, or flips a bit.
    private func mutate(_ bytes: inout [UInt8], _ words: [[UInt8]], _ numbers: inout SeededNumbers) {
        guard bytes.count > 64 else { return }
        let position = Int.random(in: 0..<(bytes.count - 32), using: &numbers)
        switch Int.random(in: 0..<6, using: &numbers) {
        case 0, 1:
            // The next number, word or string after a colon or bracket.
            guard let start = bytes[position...].firstIndex(where: { [0x3A, 0x5B].contains($0) }),
                let end = bytes[(start + 1)...].firstIndex(where: { [0x2C, 0x5D, 0x7D].contains($0) })
            else { return }
            bytes.replaceSubrange((start + 1)..<end, with: words[Int.random(in: 0..<words.count, using: &numbers)])
        case 2: bytes.removeSubrange(position..<(position + Int.random(in: 1...16, using: &numbers)))
        case 3: bytes.insert(contentsOf: bytes[position..<(position + 16)], at: position)
        case 4:
            let names = quoted(in: bytes)
            guard let first = names.randomElement(using: &numbers), let second = names.randomElement(using: &numbers),
                first.upperBound < second.lowerBound
            else { return }
            let (a, b) = (Array(bytes[first]), Array(bytes[second]))
            bytes.replaceSubrange(second, with: a)
            bytes.replaceSubrange(first, with: b)
        default: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        }
    }

    private func quoted(in bytes: [UInt8]) -> [Range<Int>] {
        let marks = bytes.indices.filter { bytes[$0] == 0x22 }
        return stride(from: 0, to: marks.count - 1, by: 2).map { marks[$0]..<(marks[$0 + 1] + 1) }
    }
}
