import CutisCore
import CutisImaging
import Foundation

/// The committed reference values, written by Tools/fixtures/imaging.py.
enum Fixtures {
    static func url(_ path: String) -> URL {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures").appendingPathComponent(path)
    }

    static func decode<T: Decodable>(_ type: T.Type, _ path: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(path)))
    }
}

/// The real data next to the repository, which is not a part of it.
enum SharedData {
    static let root: URL? = {
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["CUTIS_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
        let root = named ?? repository.deletingLastPathComponent().appendingPathComponent("shared/data")
        return FileManager.default.fileExists(atPath: root.path) ? root : nil
    }()

    static let isPresent = root != nil

    static func url(_ path: String) throws -> URL {
        guard let root else { throw CutisError(.fileNotFound, "no shared data", remedy: "") }
        return root.appendingPathComponent(path)
    }
}

enum Pictures {
    /// The generator that Tools/fixtures/imaging.py runs: the high bytes of a linear congruence.
    static let noise: [UInt8] = {
        var state: UInt32 = 1
        return (0..<40_000_000).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
    }()

    static func noise(_ width: Int, _ height: Int, _ channels: Int, offset: Int = 0) throws -> PixelBuffer {
        let count = width * height * channels
        return try PixelBuffer(
            width: width, height: height, channels: channels, pixels: Array(noise[offset..<offset + count]))
    }

    static func smooth(_ width: Int, _ height: Int) throws -> PixelBuffer {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let red = x * 255 / max(width - 1, 1) + 40 * ((x / 16 + y / 16) % 2)
                let green = y * 255 / max(height - 1, 1) + x * y / 97
                let (dx, dy) = (x - width / 2, y - height / 2)
                let blue = (dx * dx + dy * dy) / 64
                pixels += [UInt8(red % 256), UInt8(green % 256), UInt8(blue % 256)]
            }
        }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: pixels)
    }
}

func decoding(_ url: URL, _ options: DecodeOptions = DecodeOptions()) -> Result<PixelBuffer, CutisError> {
    Result { () throws(CutisError) in try ImageDecoder.decode(url, options: options) }
}

func decoding(_ data: Data, _ options: DecodeOptions = DecodeOptions()) -> Result<PixelBuffer, CutisError> {
    Result { () throws(CutisError) in try ImageDecoder.decode(data, name: "image", options: options) }
}

/// The first half of a SHA-256 in hexadecimal, as the fixtures store it.
func digest(_ bytes: some Sequence<UInt8>) -> String {
    SHA256.hash(Array(bytes)).prefix(16).map { String(format: "%02x", $0) }.joined()
}

/// FIPS 180-4, for the tests alone: the package has no cryptography dependency on this side.
enum SHA256 {
    private static let constants: [UInt32] = primes(64).map { fraction(Double($0), root: 3) }
    private static let start: [UInt32] = primes(8).map { fraction(Double($0), root: 2) }

    static func hash(_ message: [UInt8]) -> [UInt8] {
        var padded = message + [0x80]
        padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
        let bits = UInt64(message.count) * 8
        padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        var state = start
        var words = [UInt32](repeating: 0, count: 64)
        padded.withUnsafeBufferPointer { bytes in
            for block in stride(from: 0, to: bytes.count, by: 64) {
                for index in 0..<16 {
                    words[index] = (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[block + index * 4 + $1]) }
                }
                compress(&state, &words)
            }
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    private static func compress(_ state: inout [UInt32], _ w: inout [UInt32]) {
        for index in 16..<64 {
            let (x, y) = (w[index - 15], w[index - 2])
            let first = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3
            let second = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10
            w[index] = w[index - 16] &+ first &+ w[index - 7] &+ second
        }
        var (a, b, c, d, e, f, g, h) = (
            state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
        )
        for index in 0..<64 {
            let mixE = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            let one = h &+ mixE &+ (e & f ^ ~e & g) &+ constants[index] &+ w[index]
            let mixA = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
            let two = mixA &+ (a & b ^ a & c ^ b & c)
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ one, c, b, a, one &+ two)
        }
        for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
    }

    private static func rotate(_ value: UInt32, _ by: UInt32) -> UInt32 { value >> by | value << (32 - by) }

    private static func primes(_ count: Int) -> [Int] {
        var found: [Int] = []
        var candidate = 2
        while found.count < count {
            if !found.contains(where: { candidate % $0 == 0 }) { found.append(candidate) }
            candidate += 1
        }
        return found
    }

    private static func fraction(_ value: Double, root: Double) -> UInt32 {
        let power = root == 2 ? value.squareRoot() : cbrt(value)
        return UInt32((power - power.rounded(.down)) * 4_294_967_296)
    }
}
