import CutisDatasets
import CutisImaging
import Foundation
import Testing

@Suite("Perceptual hashes and near-duplicates")
struct DuplicateTests {
    private struct Case: Decodable {
        var image: String
        var phash: String
    }

    @Test("hashes equal ImageHash's bit by bit")
    func reference() throws {
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: fixture("phash.json")))
        #expect(cases.count == 5)
        for each in cases {
            let hash = try PerceptualHash(ImageDecoder.decode(fixture(each.image)))
            #expect(String(hash.bits, radix: 16) == String(UInt64(each.phash, radix: 16) ?? 0, radix: 16))
        }
    }

    @Test("the hash of a turned or mirrored image is among the image's orientations", arguments: 2...8)
    func orientations(_ orientation: Int) throws {
        let image = try Synthetic.image(seed: 5, width: 64, height: 64)
        let side = 64
        var pixels = [UInt8](repeating: 0, count: side * side * 3)
        for y in 0..<side {
            for x in 0..<side {
                var (u, v) = (x, y)
                if orientation & 1 != 0 { u = side - 1 - u }
                if orientation & 2 != 0 { v = side - 1 - v }
                if orientation & 4 != 0 || orientation == 8 { (u, v) = (v, u) }
                for channel in 0..<3 {
                    pixels[(v * side + u) * 3 + channel] = image.pixels[(y * side + x) * 3 + channel]
                }
            }
        }
        let turned = try PixelBuffer(width: side, height: side, channels: 3, pixels: pixels)
        let own = try PerceptualHash.orientations(of: image)
        let hash = try PerceptualHash(turned)
        #expect(own[0].distance(to: hash) > 10)
        // Rounding can turn the two bits next to the median.
        #expect((own.map { $0.distance(to: hash) }.min() ?? 64) <= 2)
    }

    @Test("the index finds exactly what comparing all with all finds", arguments: [0, 3, 4, 7, 8, 12, 15])
    func exhaustive(_ distance: Int) {
        var state: UInt64 = 42
        func random() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        var hashes = (0..<600).map { _ in random() }
        for index in 0..<300 {
            // A neighbour with up to 18 changed bits.
            hashes.append((0..<index % 19).reduce(hashes[index]) { bits, _ in bits ^ 1 << (random() % 64) })
        }
        let index = HammingIndex(hashes)
        for query in hashes {
            var found: Set<Int> = []
            index.forEach(within: distance, of: query) { found.insert($0) }
            #expect(found == Set(hashes.indices.filter { (hashes[$0] ^ query).nonzeroBitCount <= distance }))
        }
    }

    @Test("groups join what is linked, equal hashes too, and leave the rest alone")
    func groups() {
        let bits: [UInt64] = [0, 0b11, 0b1111, UInt64.max, 0, UInt64.max ^ (0xFFFF << 20)]
        let groups = DuplicateSearch.groups(bits.map { [PerceptualHash(bits: $0)] }, distance: 2)
        #expect(groups == [[0, 1, 2, 4]])
    }
}
