/// Changes of single samples with exactly the pixels of Pillow's `ImageOps`, through a table of 256 values per channel.
///
/// All of them are for RGB images; an image with another number of channels is returned as it is.
extension PixelBuffer {
    /// Keeps the highest bits of every sample (`ImageOps.posterize`).
    ///
    /// - Parameter bits: 1…8; values outside are clipped, so that an image never becomes black all over.
    public func posterized(bits: Int) -> PixelBuffer {
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - min(max(bits, 1), 8)))
        return mappingSamples { _, sample in sample & mask }
    }

    /// Inverts the samples at and above a threshold (`ImageOps.solarize`).
    public func solarized(threshold: Double) -> PixelBuffer {
        mappingSamples { _, sample in Double(sample) < threshold ? sample : 255 - sample }
    }

    /// Stretches each channel to 0…255 (`ImageOps.autocontrast`).
    public func autocontrasted() -> PixelBuffer {
        guard channels == 3 else { return self }
        let bounds = histograms.map { histogram in
            (low: histogram.firstIndex { $0 > 0 } ?? 0, high: histogram.lastIndex { $0 > 0 } ?? 0)
        }
        return mappingSamples { channel, sample in
            let (low, high) = bounds[channel]
            guard high > low else { return sample }
            let scale = 255.0 / Double(high - low)
            let value = Int(Double(sample) * scale + -Double(low) * scale)
            return UInt8(min(max(value, 0), 255))
        }
    }

    /// Makes the histogram of each channel as flat as it can be (`ImageOps.equalize`).
    public func equalized() -> PixelBuffer {
        guard channels == 3 else { return self }
        let tables = histograms.map(Self.equalizing)
        return mappingSamples { channel, sample in tables[channel][Int(sample)] }
    }

    private static func equalizing(_ histogram: [Int]) -> [UInt8] {
        let identity = (0...255).map { UInt8($0) }
        let counts = histogram.filter { $0 > 0 }
        guard counts.count > 1, let last = counts.last else { return identity }
        let step = (counts.reduce(0, +) - last) / 255
        guard step > 0 else { return identity }
        var sum = step / 2
        return histogram.map { count in
            defer { sum += count }
            return UInt8(min(sum / step, 255))
        }
    }

    /// How often each of the 256 values occurs in each channel.
    private var histograms: [[Int]] {
        var counts = [Int](repeating: 0, count: channels * 256)
        pixels.withUnsafeBufferPointer { samples in
            for start in stride(from: 0, to: samples.count, by: channels) {
                for channel in 0..<channels { counts[channel << 8 + Int(samples[start + channel])] += 1 }
            }
        }
        return (0..<channels).map { Array(counts[($0 << 8)..<(($0 + 1) << 8)]) }
    }

    /// Replaces every sample by what `change` makes of its channel and value.
    func mappingSamples(_ change: (_ channel: Int, _ sample: UInt8) -> UInt8) -> PixelBuffer {
        guard channels == 3 else { return self }
        let table = (0..<3).flatMap { channel in (0...255).map { change(channel, UInt8($0)) } }
        return table.withUnsafeBufferPointer { table in
            pixels.withUnsafeBufferPointer { source in
                PixelBuffer.filled(width: width, height: height, channels: 3) { output in
                    guard let table = table.baseAddress, let source = source.baseAddress else { return }
                    var index = 0
                    while index < width * height * 3 {
                        output[index] = table[Int(source[index])]
                        output[index + 1] = (table + 256)[Int(source[index + 1])]
                        output[index + 2] = (table + 512)[Int(source[index + 2])]
                        index += 3
                    }
                }
            }
        }
    }
}
