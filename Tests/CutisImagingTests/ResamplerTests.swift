import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct ResamplerTests {
    /// [w, h, channels, w, h, filter, offset in the noise, digest of Pillow's result]
    struct Case: Decodable {
        let from: (Int, Int)
        let channels: Int
        let to: (Int, Int)
        let filter: ResampleFilter
        let offset: Int
        let digest: String

        init(from decoder: any Decoder) throws {
            var row = try decoder.unkeyedContainer()
            from = (try row.decode(Int.self), try row.decode(Int.self))
            channels = try row.decode(Int.self)
            to = (try row.decode(Int.self), try row.decode(Int.self))
            filter = try row.decode(ResampleFilter.self)
            offset = try row.decode(Int.self)
            digest = try row.decode(String.self)
        }
    }

    @Test func everyByteIsPillows() throws {
        let cases = try Fixtures.decode([Case].self, "resample.json")
        #expect(cases.count >= 300)
        var different: [String] = []
        for test in cases {
            let image = try Pictures.noise(test.from.0, test.from.1, test.channels, offset: test.offset)
            let result = try Resampler.resize(image, width: test.to.0, height: test.to.1, filter: test.filter)
            if digest(result.pixels) != test.digest {
                different.append("\(test.filter) \(test.from)×\(test.channels) → \(test.to)")
            }
        }
        print("resampling: \(cases.count - different.count) of \(cases.count) cases byte-equal to Pillow 12.3")
        #expect(different.isEmpty, "\(different.prefix(20))")
    }

    struct Golden: Decodable {
        let width: Int
        let height: Int
        let pixels: [UInt8]
        let to: [Int]
        let filter: ResampleFilter
        let result: [UInt8]
    }

    @Test func smallArraysAreReadable() throws {
        for test in try Fixtures.decode([Golden].self, "resample-golden.json") {
            let image = try PixelBuffer(width: test.width, height: test.height, channels: 1, pixels: test.pixels)
            let result = try Resampler.resize(image, width: test.to[0], height: test.to[1], filter: test.filter)
            #expect(result.pixels == test.result, "\(test.filter) \(test.width)×\(test.height) → \(test.to)")
        }
    }

    /// Worked by hand for MODELS' golden row, independent of any library.
    @Test func knownRows() throws {
        let row = try PixelBuffer(width: 5, height: 1, channels: 1, pixels: [0, 50, 100, 200, 255])
        #expect(try Resampler.resize(row, width: 3, height: 1, filter: .bilinear).pixels == [21, 111, 231])
        #expect(try Resampler.resize(row, width: 2, height: 1, filter: .bicubic).pixels == [43, 197])
    }

    @Test func sameSizeIsTheSameImage() throws {
        let image = try Pictures.noise(31, 17, 3)
        for filter in ResampleFilter.allCases {
            #expect(try Resampler.resize(image, width: 31, height: 17, filter: filter) == image)
        }
    }

    @Test(arguments: [(0, 5), (5, 0), (-1, 5), (40_000, 1), (32_000, 32_000)])
    func impossibleSizesAreRefused(_ width: Int, _ height: Int) throws {
        let image = try Pictures.noise(4, 4, 3)
        #expect {
            try Resampler.resize(image, width: width, height: height, filter: .bilinear)
        } throws: {
            ($0 as? CutisError)?.code == .invalidArguments
        }
    }

    @Test func wrongSampleCountIsRefused() {
        #expect(throws: CutisError.self) { try PixelBuffer(width: 2, height: 2, channels: 3, pixels: [1, 2, 3]) }
        #expect(throws: CutisError.self) { try PixelBuffer(width: 0, height: 2, channels: 3, pixels: []) }
        #expect(throws: CutisError.self) { try PixelBuffer(width: 1, height: 1, channels: 5, repeating: 0) }
        #expect(throws: CutisError.self) { try PixelBuffer(width: .max, height: 2, channels: 1, repeating: 0) }
    }
}
