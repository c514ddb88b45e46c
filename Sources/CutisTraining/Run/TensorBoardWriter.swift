public import CutisCore
public import Foundation

/// Writes scalars for TensorBoard: TFRecord frames with protocol-buffer messages `Event`.
///
/// A record is its length (8 bytes, little-endian), the masked CRC-32C of that, the message, and its masked CRC-32C.
public final class TensorBoardWriter {
    /// The file of this start; TensorBoard reads all files of the folder in the order of their names.
    public let url: URL
    private let handle: FileHandle

    /// Starts a file.
    ///
    /// - Parameters:
    ///   - folder: made where it is missing.
    ///   - step: scalars of earlier files at this step or later are dropped by TensorBoard; nil for a new run.
    ///   - date: names the file and stamps its first events.
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    public init(_ folder: URL, purgingFrom step: Int? = nil, date: Date = Date()) throws(CutisError) {
        let seconds = String(Int(max(0, date.timeIntervalSince1970)))
        let stem = "events.out.tfevents." + String(repeating: "0", count: max(0, 10 - seconds.count)) + seconds
        var url = folder.appendingPathComponent("\(stem).cutis.0")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            var number = 0
            while FileManager.default.fileExists(atPath: url.path) {
                number += 1
                url = folder.appendingPathComponent("\(stem).cutis.\(number)")
            }
            try Data().write(to: url)
            handle = try FileHandle(forWritingTo: url)
        } catch {
            throw CutisError(
                .outputUnwritable, "Cannot make a file in \(folder.path).", remedy: "Check that you may write to it.")
        }
        self.url = url
        try write(Self.event(date, step: 0) { $0.text(3, "brain.Event:2") })
        if let step {
            // SessionLog { status = START }.
            try write(Self.event(date, step: step) { $0.message(7) { $0.integer(1, 1) } })
        }
    }

    deinit { try? handle.close() }

    /// Writes figures of a step; not finite ones are left out.
    ///
    /// - Throws: `.noSpaceLeft`.
    public func write(_ values: [String: Double], step: Int, date: Date = Date()) throws(CutisError) {
        let finite = values.filter { $0.value.isFinite }.sorted { $0.key < $1.key }
        guard !finite.isEmpty else { return }
        try write(
            Self.event(date, step: step) { event in
                event.message(5) { summary in
                    for (tag, value) in finite {
                        summary.message(1) {
                            $0.text(1, tag)
                            $0.float(2, Float(value))
                        }
                    }
                }
            })
    }

    private func write(_ message: Data) throws(CutisError) {
        do {
            try handle.write(contentsOf: TFRecord.frame(message))
        } catch {
            throw CutisError(
                .noSpaceLeft, "Cannot write to \(url.path).", remedy: "Free disk space and resume the run.")
        }
    }

    private static func event(_ date: Date, step: Int, _ body: (inout ProtocolBuffer) -> Void) -> Data {
        var event = ProtocolBuffer()
        event.double(1, date.timeIntervalSince1970)
        // A field of value 0 is not written.
        if step != 0 { event.integer(2, step) }
        body(&event)
        return event.data
    }
}

/// The few fields of protocol buffers that an event needs.
struct ProtocolBuffer {
    private(set) var data = Data()

    mutating func integer(_ field: Int, _ value: Int) {
        variable(UInt64(field << 3))
        variable(UInt64(bitPattern: Int64(value)))
    }

    mutating func double(_ field: Int, _ value: Double) {
        variable(UInt64(field << 3 | 1))
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func float(_ field: Int, _ value: Float) {
        variable(UInt64(field << 3 | 5))
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func text(_ field: Int, _ value: String) { bytes(field, Data(value.utf8)) }

    mutating func message(_ field: Int, _ body: (inout ProtocolBuffer) -> Void) {
        var inner = ProtocolBuffer()
        body(&inner)
        bytes(field, inner.data)
    }

    private mutating func bytes(_ field: Int, _ value: Data) {
        variable(UInt64(field << 3 | 2))
        variable(UInt64(value.count))
        data.append(value)
    }

    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }
}

/// TensorFlow's framing of records.
package enum TFRecord {
    /// A message with its length and both checksums.
    package static func frame(_ message: Data) -> Data {
        var length = Data()
        withUnsafeBytes(of: UInt64(message.count).littleEndian) { length.append(contentsOf: $0) }
        var frame = length
        for (part, follows) in [(length, message), (message, Data())] {
            withUnsafeBytes(of: maskedChecksum(part).littleEndian) { frame.append(contentsOf: $0) }
            frame.append(follows)
        }
        return frame
    }

    /// CRC-32C turned right by 15 bits plus a constant, so that checksums of data with checksums stay useful.
    static func maskedChecksum(_ data: Data) -> UInt32 {
        let crc = checksum(data)
        return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
    }

    /// CRC-32C (Castagnoli), reflected polynomial 0x82F63B78.
    package static func checksum(_ data: Data) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        return ~crc
    }
}
