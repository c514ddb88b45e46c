/// Joins positions into groups (disjoint sets with path halving).
struct UnionFind {
    private var parents: [Int]

    init(count: Int) {
        parents = Array(0..<count)
    }

    /// The position that stands for a position's group: the smallest one in it.
    mutating func root(of position: Int) -> Int {
        var position = position
        while parents[position] != position {
            parents[position] = parents[parents[position]]
            position = parents[position]
        }
        return position
    }

    /// Joins the groups of two positions.
    mutating func join(_ first: Int, _ second: Int) {
        let (first, second) = (root(of: first), root(of: second))
        parents[max(first, second)] = min(first, second)
    }

    /// The groups with their members in order, ordered by their first members.
    mutating func groups() -> [[Int]] {
        var slots = [Int](repeating: -1, count: parents.count)
        var groups: [[Int]] = []
        for position in parents.indices {
            let root = root(of: position)
            if slots[root] < 0 {
                slots[root] = groups.count
                groups.append([])
            }
            groups[slots[root]].append(position)
        }
        return groups
    }
}
