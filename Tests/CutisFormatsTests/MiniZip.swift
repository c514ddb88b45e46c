/// Writes and reads zip archives of stored entries, so that a test can damage what is inside one and keep the archive
/// itself whole.
enum MiniZip {
    /// An archive of these entries.
    static func archive(_ entries: [(name: String, data: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = bytes.count
            let name = Array(entry.name.utf8)
            let common =
                little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(Int(crc(entry.data)), 4)
                + little(entry.data.count, 4) + little(entry.data.count, 4) + little(name.count, 2) + little(0, 2)
            bytes += [0x50, 0x4B, 3, 4] + common + name + entry.data
            directory += [0x50, 0x4B, 1, 2] + little(20, 2) + common + little(0, 10) + little(offset, 4) + name
        }
        let end =
            [0x50, 0x4B, 5, 6] + little(0, 4) + little(entries.count, 2) + little(entries.count, 2)
            + little(directory.count, 4) + little(bytes.count, 4) + little(0, 2)
        return bytes + directory + end
    }

    /// The entries of an archive that holds stored entries only.
    static func entries(of archive: [UInt8]) -> [(name: String, data: [UInt8])] {
        func number(_ offset: Int, _ width: Int) -> Int {
            (0..<width).reduce(0) { $0 | Int(archive[offset + $1]) << (8 * $1) }
        }
        let end = archive.count - 22
        var position = number(end + 16, 4)
        return (0..<number(end + 10, 2)).map { _ in
            let nameLength = number(position + 28, 2)
            let name = String(decoding: archive[position + 46..<position + 46 + nameLength], as: UTF8.self)
            let local = number(position + 42, 4)
            let start = local + 30 + number(local + 26, 2) + number(local + 28, 2)
            let data = Array(archive[start..<start + number(position + 24, 4)])
            position += 46 + nameLength + number(position + 30, 2) + number(position + 32, 2)
            return (name, data)
        }
    }

    private static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    private static func crc(_ data: [UInt8]) -> UInt32 {
        ~data.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
    }
}
