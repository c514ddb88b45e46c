/// Finds hashes that differ in few bits without comparing all with all (multi-index hashing, Norouzi et al. 2012).
///
/// The 64 bits are dealt into four groups of 16. Two hashes that differ in at most t bits agree up to ⌊t/4⌋ bits in one
/// of the groups, so only those entries of the four tables are compared in full that differ by so few bits there.
package struct HammingIndex {
    /// The largest distance that is searched: beyond it the tables would give most hashes as candidates.
    package static let maximumDistance = 15

    private let hashes: [UInt64]
    private let tables: [Table]

    package init(_ hashes: [UInt64]) {
        self.hashes = hashes
        tables = (0..<4).map { group in Table(hashes.map { Self.key($0, group) }) }
    }

    /// Calls `body` with the position of each hash at most `distance` bits from `query`, some perhaps twice.
    package func forEach(within distance: Int, of query: UInt64, _ body: (Int) -> Void) {
        let masks = Self.masks[min(distance, Self.maximumDistance) / 4]
        for (group, table) in tables.enumerated() {
            let key = Self.key(query, group)
            hashes.withUnsafeBufferPointer { hashes in
                table.forEach(keys: masks.lazy.map { key ^ $0 }) { position in
                    if (hashes[position] ^ query).nonzeroBitCount <= distance { body(position) }
                }
            }
        }
    }

    /// Every fourth bit, so that each group has high and low frequencies: neighbouring bits are alike in many images.
    private static func key(_ hash: UInt64, _ group: Int) -> UInt16 {
        var bits = hash >> UInt64(group) & 0x1111_1111_1111_1111
        bits = (bits | bits >> 3) & 0x0303_0303_0303_0303
        bits = (bits | bits >> 6) & 0x000F_000F_000F_000F
        bits = (bits | bits >> 12) & 0x0000_00FF_0000_00FF
        return UInt16(truncatingIfNeeded: bits | bits >> 24)
    }

    /// Differences of a 16-bit key in at most 0, 1, 2, 3 bits.
    private static let masks: [[UInt16]] = (0...3).map { bits in
        (0...UInt16.max).filter { $0.nonzeroBitCount <= bits }
    }

    /// Positions by key: those of key k are `positions[starts[k]..<starts[k + 1]]`.
    private struct Table {
        private var starts = [Int32](repeating: 0, count: 65_537)
        private var positions: [Int32]

        init(_ keys: [UInt16]) {
            for key in keys { starts[Int(key) + 1] += 1 }
            for key in 0..<65_536 { starts[key + 1] += starts[key] }
            var next = starts
            positions = [Int32](repeating: 0, count: keys.count)
            for (position, key) in keys.enumerated() {
                positions[Int(next[Int(key)])] = Int32(position)
                next[Int(key)] += 1
            }
        }

        /// Calls `body` with each position whose key is one of `keys`.
        @inline(__always)
        func forEach(keys: some Sequence<UInt16>, _ body: (Int) -> Void) {
            starts.withUnsafeBufferPointer { starts in
                positions.withUnsafeBufferPointer { positions in
                    for key in keys {
                        for index in Int(starts[Int(key)])..<Int(starts[Int(key) + 1]) { body(Int(positions[index])) }
                    }
                }
            }
        }
    }
}
