public import CutisCore

/// One part of a batch job that several machines share: part `index` of `count`.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// The most parts that a job may have.
    public static let largestCount = 100_000

    /// This part, 0 ..< `count`.
    public let index: Int
    /// Number of parts.
    public let count: Int

    /// - Returns: nil unless `0 <= index < count <= largestCount`.
    public init?(index: Int, count: Int) {
        guard (1...Self.largestCount).contains(count), (0..<count).contains(index) else { return nil }
        self.index = index
        self.count = count
    }

    /// Reads `index/count`, such as `0/8`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard parts.count == 2, isPlain, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
        self.init(index: index, count: count)
    }

    /// `index/count`.
    public var description: String { "\(index)/\(count)" }

    /// The inputs of this part among `total`: contiguous, the parts one after the other cover all, and their sizes
    /// differ by one at most.
    ///
    /// - Throws: `CutisError` `.invalidArguments` where there are more parts than inputs.
    public func range(of total: Int) throws(CutisError) -> Range<Int> {
        guard count <= total else {
            throw CutisError(
                .invalidArguments, "--shard \(self): there are \(count) parts for \(total) images.",
                remedy: "Ask for no more parts than there are images.")
        }
        // Without products, which could overflow.
        let (size, rest) = total.quotientAndRemainder(dividingBy: count)
        let start = index * size + min(index, rest)
        return start..<(start + size + (index < rest ? 1 : 0))
    }
}
