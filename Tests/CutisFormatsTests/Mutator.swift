/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine for the same seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Damages files in the ways that disks, downloads and attackers do.
struct Mutator {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// One to four changes to a file; `donor` is another valid file of the kind, to splice from.
    mutating func mutate(_ original: [UInt8], donor: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty { change(&bytes, donor) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ donor: [UInt8]) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0...3: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 4: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 5: bytes[position] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 6, 7: writeInteger(&bytes, at: position)
        case 8: bytes.removeLast(bytes.count - position)
        case 9: bytes.removeSubrange(position..<min(bytes.count, position + length(32)))
        case 10:
            let piece = Array(bytes[position..<min(bytes.count, position + length(64))])
            bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
        default: splice(&bytes, donor, at: position)
        }
    }

    private mutating func length(_ limit: Int) -> Int { Int.random(in: 1...limit, using: &random) }

    /// Sizes and addresses are where parsers break: puts an awkward one over 1, 2, 4 or 8 bytes.
    private mutating func writeInteger(_ bytes: inout [UInt8], at position: Int) {
        let count = UInt64(bytes.count)
        let awkward: [UInt64] = [
            0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 62, 0x7FFF_FFFF_FFFF_FFFF, .max,
            .max - 7, count, count - 1, count + 1, UInt64(position),
        ]
        let value = awkward.randomElement(using: &random) ?? 0
        let width = [1, 2, 4, 8].randomElement(using: &random) ?? 8
        for index in 0..<width where position + index < bytes.count {
            bytes[position + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    private mutating func splice(_ bytes: inout [UInt8], _ donor: [UInt8], at position: Int) {
        guard !donor.isEmpty else { return }
        let start = Int.random(in: 0..<donor.count, using: &random)
        for index in 0..<min(length(64), donor.count - start, bytes.count - position) {
            bytes[position + index] = donor[start + index]
        }
    }
}
