/// Groups of images that are the same, or that look the same.
package struct DuplicateSearch {
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

    /// Groups of two or more positions whose first hash is at most `distance` bits from any hash of another and agrees
    /// with it in detail.
    ///
    /// A group holds everything that is linked, so two of its members can be further apart than `distance`.
    package static func groups(_ hashes: [[PerceptualHash]], distance: Int) -> [[Int]] {
        var union = UnionFind(count: hashes.count)
        // Equal hashes, as of flat images, are joined at once; searched one by one they would be compared all with all.
        var slots: [PerceptualHash: Int] = [:]
        var distinct: [PerceptualHash] = []
        var firstOfSlot: [Int] = []
        for (position, own) in hashes.enumerated() {
            guard let hash = own.first else { continue }
            if let slot = slots[hash] {
                union.join(firstOfSlot[slot], position)
            } else {
                slots[hash] = distinct.count
                distinct.append(hash)
                firstOfSlot.append(position)
            }
        }
        let index = HammingIndex(distinct.map(\.bits))
        for position in firstOfSlot {
            for query in hashes[position] {
                index.forEach(within: distance, of: query.bits) { slot in
                    if distinct[slot].detailDistance(to: query) <= PerceptualHash.maximumDetailDistance {
                        union.join(position, firstOfSlot[slot])
                    }
                }
            }
        }
        return union.groups().filter { $0.count > 1 }
    }
}
