/// Groups of images that are the same, or that look the same.
struct DuplicateSearch {
    /// Groups of two or more positions with equal pixels.
    let exact: [[Int]]
    /// Groups of two or more positions that look alike and are not all equal.
    let near: [[Int]]

    /// - Parameters:
    ///   - scan: the images.
    ///   - distance: in how many bits perceptual hashes may differ; nil searches equal pixels only.
    init(_ scan: ImageScan, distance: Int?) {
        let facts = scan.results.map { try? $0.get() }
        let known = facts.indices.filter { facts[$0] != nil }
        let byDigest = Dictionary(grouping: known) { facts[$0]?.digest }
        exact = byDigest.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
        guard let distance else {
            near = []
            return
        }
        // One image stands for all that are equal to it.
        let representatives = byDigest.values.map { $0[0] }.sorted()
        let groups = Self.groups(representatives.map { facts[$0]?.hashes ?? [] }, distance: distance)
        near = groups.map { group in
            group.flatMap { byDigest[facts[representatives[$0]]?.digest] ?? [] }.sorted()
        }.sorted { $0[0] < $1[0] }
    }

    /// Groups of two or more positions whose first hash is at most `distance` bits from any hash of another.
    ///
    /// A group holds everything that is linked, so two of its members can be further apart than `distance`.
    static func groups(_ hashes: [[PerceptualHash]], distance: Int) -> [[Int]] {
        // Flat images have equal hashes; searched one by one they would be compared all with all.
        var slots: [UInt64: Int] = [:]
        var distinct: [UInt64] = []
        let slotOf = hashes.map { own -> Int? in
            guard let bits = own.first?.bits else { return nil }
            if let slot = slots[bits] { return slot }
            slots[bits] = distinct.count
            distinct.append(bits)
            return distinct.count - 1
        }
        var union = UnionFind(count: hashes.count)
        var firstOfSlot = [Int](repeating: -1, count: distinct.count)
        for (position, slot) in slotOf.enumerated() {
            guard let slot else { continue }
            if firstOfSlot[slot] < 0 { firstOfSlot[slot] = position } else { union.join(firstOfSlot[slot], position) }
        }
        let index = HammingIndex(distinct)
        for (position, slot) in slotOf.enumerated() {
            guard let slot else { continue }
            // Turned forms differ between images with the same own hash; the own hash is searched once.
            let queries = firstOfSlot[slot] == position ? hashes[position][...] : hashes[position].dropFirst()
            for query in queries {
                index.forEach(within: distance, of: query.bits) { union.join(position, firstOfSlot[$0]) }
            }
        }
        return union.groups().filter { $0.count > 1 }
    }
}
